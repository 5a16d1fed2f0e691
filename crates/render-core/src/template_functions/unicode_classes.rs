//! The names of Unicode classes in Go's regular expressions (`unicodeTable` of Go's `regexp/syntax`).

/// The scripts of Unicode 15, without the separators in their names.
const SCRIPTS: &str = "adlam ahom anatolianhieroglyphs arabic armenian avestan balinese bamum bassavah batak bengali bhaiksuki bopomofo brahmi \
    braille buginese buhid canadianaboriginal carian caucasianalbanian chakma cham cherokee chorasmian common coptic cuneiform cypriot \
    cyprominoan cyrillic deseret devanagari divesakuru dogra duployan egyptianhieroglyphs elbasan elymaic ethiopic georgian glagolitic gothic \
    grantha greek gujarati gunjalagondi gurmukhi han hangul hanifirohingya hanunoo hatran hebrew hiragana imperialaramaic inherited \
    inscriptionalpahlavi inscriptionalparthian javanese kaithi kannada katakana kawi kayahli kharoshthi khitansmallscript khmer khojki \
    khudawadi lao latin lepcha limbu lineara linearb lisu lycian lydian mahajani makasar malayalam mandaic manichaean marchen masaramgondi \
    medefaidrin meeteimayek mendekikakui meroiticcursive meroitichieroglyphs miao modi mongolian mro multani myanmar nabataean nagmundari \
    nandinagari newtailue newa nko nushu nyiakengpuachuehmong ogham olchiki oldhungarian olditalic oldnortharabian oldpermic oldpersian \
    oldsogdian oldsoutharabian oldturkic olduyghur oriya osage osmanya pahawhhmong palmyrene paucinhau phagspa phoenician psalterpahlavi \
    rejang runic samaritan saurashtra sharada shavian siddham signwriting sinhala sogdian sorasompeng soyombo sundanese sylotinagri syriac \
    tagalog tagbanwa taile taitham taiviet takri tamil tangsa tangut telugu thaana thai tibetan tifinagh tirhuta toto ugaritic vai vithkuqi \
    wancho warangciti yezidi yi zanabazarsquare";

/// The general categories, and their long names.
const CATEGORIES: &str = "c cc cf cn co cs l lc ll lm lo lt lu m mc me mn n nd nl no p pc pd pe pf pi po ps s sc sk sm so z zl zp zs \
    casedletter=lc closepunctuation=pe combiningmark=m connectorpunctuation=pc control=cc currencysymbol=sc dashpunctuation=pd \
    decimalnumber=nd enclosingmark=me finalpunctuation=pf format=cf initialpunctuation=pi letter=l letternumber=nl lineseparator=zl \
    lowercaseletter=ll mark=m mathsymbol=sm modifierletter=lm modifiersymbol=sk nonspacingmark=mn number=n openpunctuation=ps other=c \
    otherletter=lo othernumber=no otherpunctuation=po othersymbol=so paragraphseparator=zp privateuse=co punctuation=p separator=z \
    spaceseparator=zs spacingmark=mc surrogate=cs symbol=s titlecaseletter=lt unassigned=cn uppercaseletter=lu cntrl=cc digit=nd punct=p";

/// Returns a class as the `regex` crate writes it inside brackets. Case, blanks, `_` and `-` do not matter.
pub(super) fn class_name(name: &str) -> Option<String> {
    let canonical: String =
        name.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).map(|c| c.to_ascii_lowercase()).collect();
    match canonical.as_str() {
        "any" => return Some(r"\p{any}".to_owned()),
        "assigned" => return Some(r"\p{assigned}".to_owned()),
        "ascii" => return Some(r"\x00-\x7F".to_owned()),
        _ => {}
    }
    for entry in CATEGORIES.split_whitespace() {
        let (name, category) = entry.split_once('=').unwrap_or((entry, entry));
        if name == canonical {
            return Some(match category {
                // The engine knows no surrogates: they are not characters.
                "cs" => r"&&[^\x00-\x{10FFFF}]".to_owned(),
                category => format!(r"\p{{gc={category}}}"),
            });
        }
    }
    let known = SCRIPTS.split_whitespace().any(|script| script == canonical);
    known.then(|| format!(r"\p{{sc={canonical}}}"))
}
