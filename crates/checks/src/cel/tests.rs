//! Expressions and their results. Those of Kubernetes' libraries are from the documentation of `k8s.io/apiserver/pkg/cel/library`.

use manifest::yaml;

use super::{Budget, Program, Scope, Value, Variable};

const OBJECT: &str = "spec: {replicas: 3, name: web, max: 5, x-y: 1, ports: [{name: a, port: 80}, {name: b, port: 443}], empty: '', labels: {a: b}}\n\
    when: 2024-02-29T12:30:00Z\nlist: [1, 2, 3]\n";

fn result(source: &str) -> Result<bool, String> {
    let object = yaml::read_first_document(OBJECT.as_bytes()).map_err(|error| error.error.to_string())?;
    let program = Program::compile(source, &["self"])?;
    let scope = Scope::root(vec![Variable { name: "self", value: Value::of(&object) }]);
    match program.evaluate(&scope, &mut Budget::default())? {
        Value::Bool(value) => Ok(value),
        other => Err(format!("gives {}", other.type_name())),
    }
}

#[test]
fn expressions_are_true() {
    for source in [
        "self.spec.replicas <= self.spec.max && self.spec.name == 'web'",
        "self.spec.ports.all(p, p.port > 0 && p.port < 65536)",
        "self.spec.ports.exists_one(p, p.name == 'a') && !self.spec.ports.exists(p, p.port == 1)",
        "self.spec.ports.map(p, p.name) == ['a', 'b'] && self.list.filter(x, x > 1).size() == 2",
        "has(self.spec.name) && !has(self.spec.absent) && self.spec.x__dash__y == 1",
        "self.spec.?absent.orValue(7) == 7 && self.spec[?'name'].hasValue() && self.?spec.?name.value() == 'web'",
        "self.spec.absent == 1 || true",
        "[1, 'a'].exists(x, x == 'a') && (1 / 0 > 1 || true)",
        "1 == 1.0 && 1 < 1.5 && dyn(2u) == 2 && 7 / 2 == 3 && -7 % 3 == -1",
        "'b' in self.spec.labels || 'a' in self.spec.labels && 2 in self.list && !(9 in self.list)",
        "'Hello'.lowerAscii() == 'hello' && 'a,b'.split(',') == ['a', 'b'] && 'abc'.substring(1, 2) == 'b' && 'a'.replace('a', 'b') == 'b'",
        "'%s is %d of %s'.format(['x', 3, [1, 2]]) == 'x is 3 of [1, 2]' && ['a', 'b'].join('-') == 'a-b' && 'abc'.charAt(1) == 'b'",
        "'abc'.matches('^a.c$') && 'a1b22'.findAll('[0-9]+') == ['1', '22'] && 'a1b22'.find('[0-9]+') == '1' && 'abcb'.lastIndexOf('b') == 3",
        "[1, 2, 3].isSorted() && [1, 2].sum() == 3 && [3, 1].min() == 1 && [3, 1].max() == 3 && ['a', 'b', 'a'].lastIndexOf('a') == 2",
        "url('https://user@example.com:80/path/a?k=v&k=w').getHost() == 'example.com:80' && url('/path').getEscapedPath() == '/path' && !isURL('../x')",
        "url('https://[::1]:80/').getHostname() == '::1' && url('https://e.com/?k=v&k=w').getQuery() == {'k': ['v', 'w']}",
        "quantity('1.5Gi').isGreaterThan(quantity('1G')) && isQuantity('1e3') && !isQuantity('1GB') && quantity('2').add(3).asInteger() == 5",
        "quantity('50k').compareTo(quantity('50000')) == 0 && quantity('-1').sign() == -1",
        "ip('127.0.0.1').isLoopback() && ip('fe80::1').family() == 6 && !isIP('127.0.0.256') && ip.isCanonical('::1') && ip('8.8.8.8').isGlobalUnicast()",
        "cidr('192.168.0.0/16').containsIP('192.168.10.1') && !cidr('10.0.0.0/8').containsCIDR('11.0.0.0/24') && cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8')",
        "format.dns1123Label().validate('my-label') == optional.none() && format.named('dns1123Subdomain').value().validate('A').hasValue()",
        "semver('1.2.3').isLessThan(semver('1.10.0')) && isSemver('v1.0', true) && !isSemver('v1.0.0') && semver('1.0.0-alpha').compareTo(semver('1.0.0')) == -1",
        "sets.contains([1, 2, 3], [2, 3]) && sets.equivalent([1, 1], [1]) && !sets.intersects([1], [2])",
        "{'a': 1, 'b': 2}.all(k, v, k != '' && v > 0) && [5, 6].exists(i, v, i == 1 && v == 6) && [1, 2].transformList(i, v, i + v) == [1, 3]",
        "{'a': 1}.transformMap(k, v, v + 1) == {'a': 2} && {'a': 1, 'b': 2}.transformMap(k, v, v > 1, v) == {'b': 2}",
        "self.spec.?name.optMap(n, n + '!').orValue('') == 'web!' && cel.bind(x, 2, x + x) == 4",
        "duration('1h30m') > duration('89m') && timestamp('2024-01-01T00:00:00Z') < timestamp(self.when) && timestamp(self.when).getMonth() == 1",
        "timestamp('2024-03-01T00:00:00Z') - timestamp(self.when) < duration('24h') && timestamp(self.when).getDayOfWeek() == 4",
        "type(1) == int && type('a') == string && string(12) == '12' && int('12') == 12 && double('1.5') == 1.5 && size('äb') == 2",
        "[1, [2]].flatten() == [1, 2] && [1, 1].distinct() == [1] && [2, 1].sort() == [1, 2] && lists.range(3) == [0, 1, 2]",
    ] {
        assert_eq!(result(source), Ok(true), "{source}");
    }
}

#[test]
fn expressions_fail() {
    for (source, error) in [
        ("self.spec.absent == 1", "no such key: absent"),
        ("other.x", "undeclared reference to 'other'"),
        ("self.spec.nme()", "undeclared reference to 'nme'"),
        ("self.spec.replicas + 'a' == ''", "no such overload: int + string"),
        ("9223372036854775807 + 1 > 0", "integer overflow"),
        ("1 / 0 == 1", "division by zero"),
        ("self.list[7] == 1", "index out of bounds"),
        ("self.spec.name", "gives string"),
        ("'('.matches('(')", "invalid regular expression \"(\""),
    ] {
        assert_eq!(result(source), Err(error.to_owned()), "{source}");
    }
    for source in ["", "self.", "self.spec.a == ", "1 +* 2", "'unclosed", "a b c", "\u{0}"] {
        assert!(result(source).is_err(), "{source:?}");
    }
}

#[test]
fn costly_expressions_end() {
    let range = "[1,2,3,4,5,6,7,8,9,10]";
    let nested = (0..9).fold("true".to_owned(), |inner, level| format!("{range}.all(x{level}, {inner})"));
    let doubled = (0..60).fold("['aaaaaaaaaaaaaaaaaaaa']".to_owned(), |inner, _| format!("{inner}.map(s, s + s)"));
    let replaced = (0..60).fold("'aaaaaaaaaa'".to_owned(), |inner, _| format!("{inner}.replace('a', 'aaaaaaaaaa')"));
    let absorbed = format!("{range}.exists(a, {range}.exists(b, {nested} && false) || false)");
    for source in [nested, format!("size({doubled}[0]) > 0"), format!("size({replaced}) > 0"), absorbed] {
        let error = result(&source).expect_err("the cost is limited");
        assert!(error.contains("costs more than") || error.contains("limit"), "{error}");
    }
}

#[test]
fn deep_and_long_expressions_end() {
    for source in [
        format!("{}true{}", "(".repeat(20_000), ")".repeat(20_000)),
        format!("{}true", "!".repeat(20_001)),
        format!("{}true", "-".repeat(20_001)),
        format!("{}[]{}.size() == 1", "[".repeat(20_000), "]".repeat(20_000)),
        vec!["1"; 20_000].join(" + ") + " > 0",
        vec!["true"; 12_000].join(" && "),
        format!("self{}", ".a".repeat(20_000)),
        format!("self{}", "[0]".repeat(20_000)),
        "true ? ".repeat(9_000) + "true" + &" : false".repeat(9_000),
        "'a".repeat(30_000),
        "a".repeat(100_000),
        format!("{}true", "!".repeat(2_990)),
        vec!["1"; 2_900].join("+") + ">0",
        format!("self{}", ".a".repeat(2_990)),
        format!("self{}", "[0]".repeat(1_400)),
        "true?".repeat(1_400) + "true" + &":false".repeat(1_400),
    ] {
        // The result does not matter: the process must live.
        drop(result(&source));
    }
    assert_eq!(result(&vec!["true"; 150].join(" && ")), Ok(true));
    assert!(result("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.matches('^(a+)+$')").is_ok());
    assert!(result("'a'.matches('((((a{100}){100}){100}){100})')").is_err());
}
