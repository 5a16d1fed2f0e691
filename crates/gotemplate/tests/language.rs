//! The language: what templates print.

use gotemplate::{Function, Functions, Limits, Map, MissingKey, Param, Templates, Value};

fn data() -> Value {
    let nested = Map::from_iter([("d", Value::from("deep"))]);
    Map::from_iter([
        ("s", Value::from("text")),
        ("f", Value::from(2.5)),
        ("none", Value::Nil),
        ("list", vec!["b".into(), Value::from(1), Value::Nil].into()),
        ("map", Map::from_iter([("b", Value::from(2)), ("a", nested.into())]).into()),
    ])
    .into()
}

fn render(template: &str) -> Result<String, String> {
    let mut templates = Templates::new("t").with_missing_key(MissingKey::Zero);
    templates.parse("t", template).map_err(|error| error.to_string())?;
    templates.execute_to_string("t", data()).map_err(|error| error.to_string())
}

#[test]
fn templates_print_what_go_prints() {
    let table = [
        ("a {{- /* c */ -}} b {{- 1 -}} \n c", "ab1c"),
        (
            "{{.s}} {{.none}} {{.missing}} {{.list}} {{.map}}",
            "text <no value> <no value> [b 1 <nil>] map[a:map[d:deep] b:2]",
        ),
        ("{{with .map}}{{.a.d}}{{else}}x{{end}}{{with .none}}{{else with .f}} {{.}}{{end}}", "deep 2.5"),
        ("{{range $k, $v := .map}}{{$k}}={{$v}};{{end}}", "a=map[d:deep];b=2;"),
        ("{{range $i, $v := .list}}{{if eq $i 1}}{{continue}}{{end}}{{$i}}{{$v}}{{end}}", "0b2<no value>"),
        ("{{range 5}}{{if gt . 2}}{{break}}{{end}}{{.}}{{else}}none{{end}}", "012"),
        ("{{range $x := 0}}x{{else}}none{{end}}", "none"),
        ("{{$x := 1}}{{if true}}{{$x = 2}}{{$x := 3}}{{end}}{{$x}}", "2"),
        ("{{define \"d\"}}<{{.}}>{{end}}{{template \"d\" .s}}{{block \"e\" 1}}{{.}}{{end}}", "<text>1"),
        ("{{and 1 0 (index 1 2)}} {{or 0 \"x\" (index 1 2)}} {{not .none}}", "0 x true"),
        ("{{eq 1 2 1}} {{ne .s \"text\"}} {{lt 1 2}} {{ge 2.5 .f}} {{eq .none nil}}", "true false true true true"),
        ("{{index .map \"a\" \"d\"}} {{index .list 1}} {{len .s}} {{slice .s 1 3}} {{index .s 0}}", "deep 1 4 ex 116"),
        ("{{(.map).a.d | printf \"%q-%s\" .s}} {{print 1 2 \"a\" 3}} {{println 1}}", "\"text\"-deep 1 2a3 1\n"),
        ("{{html \"<a>\"}} {{js \"'<\"}} {{urlquery \"a b&\"}}", "&lt;a&gt; \\'\\u003C a+b%26"),
        ("{{'a'}} {{0x1F}} {{1e3}} {{017}} {{1_000}} {{1i}}", "97 31 1000 15 1000 (0+1i)"),
        ("{{.s | len | printf \"%03d\"}}{{$a := .s}}{{$a}}{{$.f}}", "004text2.5"),
    ];
    for (template, expected) in table {
        assert_eq!(render(template).as_deref(), Ok(expected), "{template}");
    }
}

#[test]
fn errors_are_those_of_go() {
    let table = [
        ("{{.s.x}}", "template: t:1:4: executing \"t\" at <.s.x>: can't evaluate field x in type interface {}"),
        ("\n {{ .none.a }}", "template: t:2:9: executing \"t\" at <.none.a>: nil pointer evaluating interface {}.a"),
        (
            "{{template \"no\" .}}",
            "template: t:1:11: executing \"t\" at <{{template \"no\" .}}>: template \"no\" not defined",
        ),
        (
            "{{lt 1 \"a\"}}",
            "template: t:1:2: executing \"t\" at <lt 1 \"a\">: error calling lt: incompatible types for comparison: int and string",
        ),
        ("{{range .f}}{{end}}", "template: t:1:8: executing \"t\" at <.f>: range can't iterate over 2.5"),
        ("{{printf 3}}", "template: t:1:9: executing \"t\" at <3>: expected string; found 3"),
        ("{{not}}", "template: t:1:2: executing \"t\" at <not>: wrong number of args for not: want 1 got 0"),
        ("{{1 | 2}}", "template: t:1: non executable command in pipeline stage 2"),
        ("{{nope}}", "template: t:1: function \"nope\" not defined"),
        ("{{if 1}}\n", "template: t:2: unexpected EOF"),
        ("{{ .a\n", "template: t:2: unclosed action started at t:1"),
        ("{{/* a }}", "template: t:1: unclosed comment"),
        ("{{$x}}", "template: t:1: undefined variable \"$x\""),
        ("{{.a-b}}", "template: t:1: bad character U+002D '-'"),
        ("{{break}}", "template: t:1: {{break}} outside {{range}}"),
        (
            "{{define \"a\"}}x{{end}}{{define \"a\"}}y{{end}}",
            "template: t:1: template: multiple definition of template \"a\"",
        ),
    ];
    for (template, expected) in table {
        assert_eq!(render(template).unwrap_err(), expected, "{template}");
    }
}

#[test]
fn maps_are_shared_and_can_be_changed() {
    let mut functions = Functions::new();
    let set = Function::new(&[Param::Map, Param::String, Param::Any], |given| {
        if let (Value::Map(map), Value::String(key)) = (&given[0], &given[1]) {
            map.insert(key.clone(), given[2].clone());
        }
        Ok(Value::from(""))
    });
    functions.insert("set", set);
    let mut templates = Templates::new("t").with_functions(functions);
    templates
        .parse("t", "{{$m := .map}}{{set $m \"b\" 9}}{{range .map}}{{set $m \"z\" 1}}{{.}} {{end}}{{.map.z}}")
        .unwrap();
    assert_eq!(templates.execute_to_string("t", data()).unwrap(), "map[d:deep] 9 1");
}

#[test]
fn limits_hold() {
    let limits = Limits { depth: 50_000, steps: 1_000_000, output: 1000, ..Limits::default() };
    let run = |template: &str| {
        let mut templates = Templates::new("t").with_limits(limits);
        templates.parse("t", template).unwrap();
        templates.execute("t", Value::Nil).unwrap_err().to_string()
    };
    assert!(
        run("{{define \"r\"}}{{template \"r\"}}{{end}}{{template \"r\"}}")
            .ends_with("exceeded maximum template depth (50000)")
    );
    assert!(run("{{range 9000000000000000000}}{{end}}").ends_with("execution exceeds the limit of 1000000 steps"));
    assert!(run("{{range 1000}}text{{end}}").ends_with("output exceeds the limit of 1000 bytes"));
}

#[test]
fn values_that_functions_make_and_read_count_as_steps() {
    let mut functions = Functions::new();
    functions.insert("make", Function::new(&[], |_| Ok(vec![Value::Nil; 10_000].into())));
    functions.insert(
        "read",
        Function::new(&[Param::Map], |given| {
            if let Value::Map(map) = &given[0] {
                let _ = map.entries();
            }
            Ok(Value::Nil)
        }),
    );
    let limits = Limits { steps: 1_000_000, ..Limits::default() };
    let many = Map::from_iter((0..10_000).map(|number| (number.to_string(), Value::Nil)));
    for call in ["make", "read $m"] {
        let mut templates = Templates::new("t").with_functions(functions.clone()).with_limits(limits);
        templates.parse("t", format!("{{{{$m := .}}}}{{{{range 10000}}}}{{{{$x := {call}}}}}{{{{end}}}}")).unwrap();
        let error = templates.execute("t", many.clone().into()).map(|_| ()).unwrap_err().to_string();
        assert!(error.ends_with("execution exceeds the limit of 1000000 steps"), "{call}: {error}");
    }
}

#[test]
fn deep_nesting_does_not_overflow_the_stack() {
    let parentheses = format!("{{{{{}1{}}}}}", "(".repeat(9_000), ")".repeat(9_000));
    assert_eq!(render(&parentheses).as_deref(), Ok("1"));
    let too_many = format!("{{{{{}1{}}}}}", "(".repeat(10_001), ")".repeat(10_001));
    assert_eq!(render(&too_many).unwrap_err(), "template: t:1: max expression depth exceeded");
    let conditions = "{{if 1}}".repeat(50_000) + "x" + &"{{end}}".repeat(50_000);
    assert_eq!(render(&conditions).as_deref(), Ok("x"));
    let branches = "{{if 0}}".to_owned() + &"{{else if 0}}".repeat(50_000) + "{{else}}x{{end}}";
    assert_eq!(render(&branches).as_deref(), Ok("x"));
}

#[test]
fn one_set_runs_on_many_threads() {
    let mut templates = Templates::new("t");
    templates.parse("t", "{{range .list}}{{.}}{{end}}").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(templates.execute_to_string("t", data()).unwrap(), "b1<no value>"));
        }
    });
}

/// Returns a text with the calls that run, and the references that enclose the innermost one.
fn calls(context: &mut dyn gotemplate::Context, _: &[Value]) -> gotemplate::FunctionResult {
    let sites = context.calls();
    let shown = sites.iter().map(|site| {
        let location = &site.location;
        format!("{} {}:{}:{} {}", site.template, location.name, location.line, location.column, location.context)
    });
    let references = context.references().into_iter().map(|call| call.references);
    let enclosing = references.into_iter().find(|references| !references.is_empty());
    let enclosing = enclosing.map(|references| format!("{references:?}")).unwrap_or_default();
    Ok((shown.collect::<Vec<_>>().join(" > ") + " " + &enclosing).into())
}

#[test]
fn functions_see_the_calls_that_run_and_the_references_that_enclose_them() {
    let mut functions = Functions::new();
    functions.insert("calls", Function::with_context(&[], calls));
    functions.insert("pick", Function::new(&[Param::Any, Param::Any], |args| Ok(args[1].clone())));
    functions.insert(
        "include",
        Function::with_context(&[Param::String, Param::Any], |context, args| {
            Ok(context.execute(&args[0].to_string(), args[1].clone())?.into())
        }),
    );
    functions.insert(
        "tpl",
        Function::with_context(&[Param::String], |context, args| {
            let text = args[0].to_string();
            Ok(context.execute_text("text", text.as_bytes(), Value::Nil)?.into())
        }),
    );
    let mut templates = Templates::new("t").with_functions(functions);
    templates.parse("b", "{{if .Values.own}}{{else}}\n{{ pick .Values.x (calls) }}{{end}}").unwrap();
    templates.parse("a", "{{include \"b\" .}}").unwrap();
    templates.parse("c", "{{$p := pick \"key\" $.q}}{{if $p}}{{else}}{{template \"d\" .}}{{end}}").unwrap();
    templates.parse("d", "{{tpl \"{{calls}}\"}}").unwrap();
    let data = || Value::from(Map::from_iter([("Values", Map::default().into()), ("q", Value::Nil)]));
    assert_eq!(
        templates.execute_to_string("a", data()).unwrap(),
        "\na a:1:2 include \"b\" . > b b:2:19 calls [Text(\"b\")]"
    );
    assert_eq!(
        templates.execute_to_string("b", data()).unwrap(),
        "\nb b:2:19 calls [Field(\".Values.x\"), Field(\".Values.own\")]"
    );
    assert_eq!(
        templates.execute_to_string("c", data()).unwrap(),
        "c c:1:52 {{template \"d\" .}} > d d:1:2 tpl \"{{calls}}\" > text text:1:2 calls [Text(\"key\"), Field(\"$.q\")]"
    );
}
