//! No text crashes the search for images or the edit, an edit adds digests alone, and a second one changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use manifest::image_search::built_in;
use manifest::pin::{collect_text, edit};
use manifest::{Digest, ImageRef};

fuzz_target!(|data: &str| {
    if let Ok(image) = ImageRef::parse(data) {
        assert_eq!(image.as_str(), data);
        assert_eq!(ImageRef::parse(&image.lookup()).expect("what is looked up is a reference").lookup(), image.lookup());
    }
    let rules = built_in();
    let _ = collect_text(data, &rules);
    let digest = format!("sha256:{}", "a".repeat(64));
    let known = Digest::parse(&digest).expect("it is one");
    let pin = |image: &ImageRef| (!image.is_pinned()).then(|| image.with_digest(&known));
    if let Ok(edited) = edit(data, &rules, &pin) {
        let added = format!("@{digest}");
        assert_eq!(edited.text.replace(&added, ""), data.replace(&added, ""));
        assert_eq!(edit(&edited.text, &rules, &pin).expect("an edited text can be read").changed, 0);
    }
});
