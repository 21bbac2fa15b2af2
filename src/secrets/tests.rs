//! Tests of what is masked in words and in files.

use super::*;

fn secrets(values: &[&str]) -> Secrets {
    let mut secrets = Secrets::default();
    let too_short = secrets.learn_job(values.iter().map(|value| ("NAME", *value)));
    assert!(too_short.is_empty());
    secrets
}

#[test]
fn what_katalon_masks_is_masked_whatever_it_is_called() {
    let mut secrets = Secrets::default();
    for value in ["blue horse", "short", "********"] {
        secrets.learn_masked_test_data("", value);
    }
    let text = "a blue horse is short ********";
    assert_eq!(secrets.mask(text), "a *** is short ********");
}

#[test]
fn a_secret_is_masked_in_every_form() {
    let secrets = secrets(&["p&ss \"w\"/x"]);
    for text in [
        "p&ss \"w\"/x",
        "p&amp;ss &quot;w&quot;/x",
        "p&ss \\\"w\\\"/x",
        "p%26ss%20%22w%22%2Fx",
        "p%26ss%20%22w%22%2fx",
    ] {
        assert_eq!(secrets.mask(&format!("a {text} b")), "a *** b");
    }
}

#[test]
fn overlapping_secrets_leave_no_tail() {
    let secrets = secrets(&["hunter2", "hunter2-prod", "aba"]);
    assert_eq!(secrets.mask("x hunter2-prod y"), "x *** y");
    assert_eq!(secrets.mask("ababa!"), "***!");
    assert_eq!(secrets.mask("hunter2"), "***");
}

#[test]
fn test_data_that_begins_like_a_secret_of_the_job_leaves_no_tail() {
    let mut secrets = secrets(&["hunter2"]);
    secrets.learn_test_data("password", "hunter2-prod");
    assert_eq!(
        secrets.mask("x hunter2-prod y hunter2-pro"),
        "x *** y ***-pro"
    );
}

#[test]
fn the_token_is_masked_and_never_shown_by_debug() {
    let mut secrets = Secrets::default();
    secrets.learn_token("tok-123");
    assert_eq!(secrets.mask("Bearer tok-123"), "Bearer ***");
    assert!(!format!("{secrets:?}").contains("tok"));
}

#[test]
fn short_secrets_are_named_and_not_looked_for() {
    let mut secrets = Secrets::default();
    let short = secrets.learn_job([("PIN", "12345"), ("AB", "ab"), ("LONG", "123456")]);
    assert_eq!(short, ["PIN", "AB"]);
    assert_eq!(secrets.mask("12345 ab 123456"), "12345 ab ***");
}

#[test]
fn users_of_addresses_are_masked_without_being_known() {
    let secrets = Secrets::default();
    for (text, expected) in [
        (
            r#"value="https://token:eyJ.x-y_z@cloud.example.com/wd""#,
            r#"value="https://***@cloud.example.com/wd""#,
        ),
        (
            "http://user@host and ftp://a:b@c.",
            "http://***@host and ftp://***@c.",
        ),
        (
            "https://host/path?mail=a@b.c",
            "https://host/path?mail=a@b.c",
        ),
        ("mail a//b@c, see http://x", "mail a//b@c, see http://x"),
        ("https://@host", "https://@host"),
        (r"https:\/\/a:b@c\/d", r"https:\/\/***@c\/d"),
    ] {
        assert_eq!(secrets.mask(text), expected);
    }
}

#[test]
fn test_data_is_masked_where_its_name_says_so_and_it_stands_alone() {
    let mut secrets = Secrets::default();
    secrets.learn_test_data("loginPassword", "Sommer2026");
    secrets.learn_test_data("(Default) passw...", "12345678");
    secrets.learn_test_data("password", "abc");
    secrets.learn_test_data("user", "anna.schmidt");
    assert_eq!(
        secrets.mask("'Sommer2026' Sommer20266 12345678 abc anna.schmidt"),
        "'***' Sommer20266 *** abc anna.schmidt"
    );
    assert_eq!(secrets.bound_value("password", "abc").as_str(), "***");
    assert_eq!(secrets.bound_value("user", "anna").as_str(), "anna");
}

#[test]
fn test_data_is_known_as_messages_have_it() {
    let mut secrets = Secrets::default();
    secrets.learn_test_data("privateKey_secret", "first line\r\nsecond line\nok");
    secrets.learn_test_data("password", "  Sommer2026 ");
    secrets.learn_test_data("pwd", "7.570877202E9");
    for (text, expected) in [
        ("first line\nsecond line", "***\n***"),
        ("first line second line is ok", "*** *** is ok"),
        ("<Sommer2026>", "<***>"),
        ("7570877202 and 7.570877202E9", "*** and ***"),
    ] {
        assert_eq!(secrets.mask(text), expected);
    }
    for (value, number) in [
        ("1.5E7", Some("15000000")),
        ("7.570877202E9", Some("7570877202")),
        ("7.570877202E8", None),
        ("1.0E99", None),
        ("1.xE9", None),
        ("x", None),
    ] {
        assert_eq!(without_exponent(value).as_deref(), number, "{value}");
    }
}

#[test]
fn control_characters_are_dropped_and_lines_kept() {
    assert_eq!(
        Secrets::default()
            .clean("a\0b\u{1b}[31m\r\n\tc\u{85}")
            .as_str(),
        "ab[31m\r\n\tc"
    );
}

/// The text of a file with everything secret masked.
fn file(secrets: &Secrets, text: &str, kind: TextKind) -> String {
    let mut masked = String::new();
    let mut reader = secrets.masked(text.as_bytes(), kind).unwrap();
    reader.read_to_string(&mut masked).unwrap();
    masked
}

fn data(text: &str) -> String {
    file(&Secrets::default(), text, TextKind::Data)
}

#[test]
fn what_stands_behind_a_secret_name_is_masked_in_files() {
    for (text, expected) in [
        // Members of JSON, plain, within JSON, within XML, within XML twice, in a CSV.
        (r#"{"password":"a\"b"}"#, r#"{"password":"***"}"#),
        (
            r#"{"userPassword" : "a", "x":1}"#,
            r#"{"userPassword" : "***", "x":1}"#,
        ),
        (
            r#""text":"{\"pwd\":\"a\"}""#,
            r#""text":"{\"pwd\":\"***\"}""#,
        ),
        (
            "{&quot;token&quot;:&quot;a&quot;}",
            "{&quot;token&quot;:&quot;***&quot;}",
        ),
        (
            "[&amp;quot;password&amp;quot;:&amp;quot;a b&amp;quot;]",
            "[&amp;quot;password&amp;quot;:&amp;quot;***&amp;quot;]",
        ),
        (
            r#"[\&amp;quot;password\&amp;quot;:\&amp;quot;a\&amp;quot;]"#,
            r#"[\&amp;quot;password\&amp;quot;:\&amp;quot;***\&amp;quot;]"#,
        ),
        (r#""[""password"":""a""]""#, r#""[""password"":""***""]""#),
        (
            r"{\u0022apiKey\u0022:\u0022a\u0022}",
            r"{\u0022apiKey\u0022:\u0022***\u0022}",
        ),
        // Values that are no strings.
        (r#"{"token": 12.5}"#, r#"{"token": "***"}"#),
        (
            r#"{"Set-Cookie": ["a=1", "b=]"], "x": [1]}"#,
            r#"{"Set-Cookie": "***", "x": [1]}"#,
        ),
        // Groovy's maps and arguments.
        (r#"[("password") : "a"]"#, r#"[("password") : "***"]"#),
        (
            r#"login(user: "u", password: 'a')"#,
            r#"login(user: "u", password: '***')"#,
        ),
        (r#"password = "a""#, r#"password = "***""#),
        // What Katalon cut.
        (
            r#"{"(Default) passw...":"a"}"#,
            r#"{"(Default) passw...":"***"}"#,
        ),
        // Name and value as two members, and as attributes.
        (
            "{\n  \"name\": \"Authorization\",\n  \"value\": \"Bearer a\"\n}",
            "{\n  \"name\": \"Authorization\",\n  \"value\": \"***\"\n}",
        ),
        (
            r#"[ {&quot;name&quot;: &quot;(Default) pwd&quot;, &quot;value&quot;: &quot;a&quot;} ]"#,
            r#"[ {&quot;name&quot;: &quot;(Default) pwd&quot;, &quot;value&quot;: &quot;***&quot;} ]"#,
        ),
        (
            r#"<property name="token" value="a"/>"#,
            r#"<property name="token" value="***"/>"#,
        ),
        (
            r#"<property name="token">a</property>"#,
            r#"<property name="token">***</property>"#,
        ),
        // Fields of a form and parameters.
        ("user=u&password=a,b&x=1", "user=u&password=***&x=1"),
        (
            "https://h/?a=1&amp;token=x%20y#z",
            "https://h/?a=1&amp;token=***#z",
        ),
        ("user%3Du%26pwd%3Da%26x", "user%3Du%26pwd%3D***%26x"),
        ("login[password]=a&x", "login[password]=***&x"),
        ("{user=u, password=a}", "{user=u, password=***}"),
        (
            r#"form-data; name=\"password\"\r\n\r\na b\r\n--x"#,
            r#"form-data; name=\"password\"\r\n\r\n***\r\n--x"#,
        ),
        // Headers.
        (
            "Authorization: Basic YTpi\r\nHost: h",
            "Authorization: ***\r\nHost: h",
        ),
        ("Cookie: a=\"1\"; b=2\nX: y", "Cookie: ***\nX: y"),
        ("X-Auth-Token: a b\nHost: h", "X-Auth-Token: ***\nHost: h"),
        (r#"-H "X-Api-Key: a" -v"#, r#"-H "X-Api-Key: ***" -v"#),
        (
            r#""GET /\r\nCookie: a=1","x""#,
            r#""GET /\r\nCookie: ***","x""#,
        ),
        (
            "{Set-Cookie=a=1; Path=/, Host=h}",
            "{Set-Cookie=***, Host=h}",
        ),
        // Elements.
        ("<w:Password>a</w:Password>", "<w:Password>***</w:Password>"),
        ("&lt;pwd&gt;a&lt;/pwd&gt;", "&lt;pwd&gt;***&lt;/pwd&gt;"),
        (
            "&amp;lt;pwd&amp;gt;a&amp;lt;/pwd&amp;gt;",
            "&amp;lt;pwd&amp;gt;***&amp;lt;/pwd&amp;gt;",
        ),
        (
            r##"<wsse:Password Type="x#PasswordText">a</wsse:Password>"##,
            r##"<wsse:Password Type="x#PasswordText">***</wsse:Password>"##,
        ),
        // Cookies of a HAR.
        (
            r#""cookies":[{"name":"sid","value":"a]"},{"name":"b","value":"c"}],"value":"d""#,
            r#""cookies":[{"name":"sid","value":"***"},{"name":"b","value":"***"}],"value":"d""#,
        ),
        // Typed text, and the message about it.
        (
            r#"setText(findTestObject(&amp;quot;A/pwd&amp;quot;), &amp;quot;a&amp;quot;)"#,
            r#"setText(findTestObject(&amp;quot;A/pwd&amp;quot;), &amp;quot;***&amp;quot;)"#,
        ),
        (
            r#""setText(findTestObject(""A/pwd""), ""a"")","#,
            r#""setText(findTestObject(""A/pwd""), ""***"")","#,
        ),
        (
            r#"setEncryptedText(findTestObject("A/field"), "a==")"#,
            r#"setEncryptedText(findTestObject("A/field"), "***")"#,
        ),
        (
            "Text &amp;apos;a&amp;apos; is set on object &amp;apos;A/pwd&amp;apos;",
            "Text &amp;apos;***&amp;apos; is set on object &amp;apos;A/pwd&amp;apos;",
        ),
    ] {
        assert_eq!(data(text), expected);
    }
}

#[test]
fn what_is_no_value_stays_in_files() {
    for text in [
        "tokenUrl expectedPasswordMessage password",
        "//input[@id='password' and @type=\"password\"]",
        "{\"password\":\"\", \"token\":null, \"pwd\":\"********\"}",
        "username=, password=********, proxy",
        "Enter the password: it is on the card",
        "setText(findTestObject(\"A/password hints/user\"), \"bob\")",
        "setText(findTestObject(\"A/password\"), password)",
        "Text ****** has been set on object 'A/pwd'",
        "Text 'bob' is set on object 'A/user'",
        "{\"cookieConsent\":\"all\",\"user\":\"u\"}",
        "secret agent... \"x\": \"y\"",
        "<password /> <password a=\"b\"/>a <passwords of people",
        "<password/> <label for=\"password\">Password</label>",
    ] {
        assert_eq!(data(text), text);
    }
    let exempt = Secrets::new(SecretNames::new(["!tokenUrl"]), true);
    let text = r#"{"tokenUrl":"a","token":"b"}"#;
    let masked = file(&exempt, text, TextKind::Data);
    assert_eq!(masked, r#"{"tokenUrl":"a","token":"***"}"#);
}

#[test]
fn programs_of_a_page_stay_as_they_are() {
    for program in [
        "t.password=e.value;x({token:n,Authorization:\"Bearer \"+t});a?token=1:2",
        "var a={\"credentials\":{\"user\":\"u\"},\"tokens\":[1]};b&&token=9;",
    ] {
        let masked = file(&Secrets::default(), program, TextKind::Page);
        let expected = program.replace("\"Bearer \"", "\"***\"");
        assert_eq!(masked, expected);
    }
    let page = r#"<a href="/x?token=abcdef123456&amp;y=1">{"password":"a"}</a>"#;
    let masked = file(&Secrets::default(), page, TextKind::Page);
    assert_eq!(
        masked,
        r#"<a href="/x?token=***&amp;y=1">{"password":"***"}</a>"#
    );
}

#[test]
fn words_of_messages_stay_but_for_known_values_users_and_credentials() {
    let secrets = Secrets::default();
    for text in [
        "password=Customer was expected",
        "{\"password\":\"abc\"} is no answer",
        "Authorization: Bearer missing",
        "the Cookie: a=1",
    ] {
        assert_eq!(secrets.mask(text), text);
    }
    for text in [
        "Authorization: Bearer eyJhbGciOi.JIUzI1NiJ9 was refused",
        "{\"Authorization\":\"Basic dXNlcjpwYXNzd29yZA==\"}",
        "https%3A%2F%2Fbob%3Aabc%40host%2F",
    ] {
        let masked = secrets.mask(text);
        for secret in ["eyJ", "dXNl", "bob"] {
            assert!(!masked.contains(secret), "{masked}");
        }
        assert!(masked.contains(MASK) && masked.len() > 20, "{masked}");
    }
}

#[test]
fn short_values_are_masked_where_they_are_bound_and_in_names_of_files() {
    let mut secrets = Secrets::default();
    secrets.learn_test_data("password", "abc");
    secrets.learn_masked_test_data("street", "Elm");
    let log = "<property name=\"iteration\">abc</property> abc";
    let expected = "<property name=\"iteration\">***</property> abc";
    assert_eq!(file(&secrets, log, TextKind::Data), expected);
    assert_eq!(
        secrets.clean_file_name("Login - abc_1_0.srt").as_str(),
        "Login - ***_1_0.srt"
    );
    assert_eq!(secrets.bound_value("street", "Elm").as_str(), MASK);
    assert_eq!(secrets.clean("abc at Elm").as_str(), "abc at Elm");
}

#[test]
fn test_data_is_left_alone_where_that_is_asked_for() {
    let mut secrets = Secrets::new(SecretNames::default(), false);
    secrets.learn_job([("A", "job-secret")]);
    secrets.learn_test_data("password", "Sommer2026");
    let text = "Sommer2026 https://a:b@c {\"password\":\"x\"} ";
    let told = format!("{text}job-secret");
    assert_eq!(file(&secrets, &told, TextKind::Data), format!("{text}***"));
    assert_eq!(
        secrets.bound_value("password", "Sommer2026").as_str(),
        "Sommer2026"
    );
}

#[test]
fn what_was_masked_is_counted_by_name_and_each_text_once() {
    let mut secrets = Secrets::default();
    secrets.learn_job([("DB", "job-secret")]);
    secrets.learn_token("tok-12345");
    secrets.learn_test_data("(Default) password", "Sommer2026");
    for _ in 0..2 {
        secrets.clean("job-secret, Sommer2026 and Sommer2026 at https://a:b@c, tok-12345");
    }
    let counts = secrets.counts();
    let counts: Vec<(&str, usize)> = counts
        .iter()
        .map(|(name, &count)| (&**name, count))
        .collect();
    assert_eq!(
        counts,
        [
            ("(Default) password", 2),
            ("DB", 1),
            ("access token", 1),
            ("user of an address", 1)
        ]
    );
}

#[test]
fn an_escape_beside_test_data_is_no_letter() {
    let mut secrets = Secrets::default();
    secrets.learn_test_data("password", "Sommer2026");
    for text in [
        "a\\nSommer2026\\n",
        "\\u0027Sommer2026\\u0027",
        "%20Sommer2026%20",
        "&quot;Sommer2026&quot;",
    ] {
        assert!(
            !file(&secrets, text, TextKind::Data).contains("Sommer"),
            "{text}"
        );
    }
}

#[test]
fn a_mask_beside_test_data_parts_it_from_its_neighbours() {
    let mut secrets = secrets(&["xyz"]);
    for (name, value) in [
        ("token1", "abcdef"),
        ("token2", "!ghijk"),
        ("token3", "ijk-lm"),
    ] {
        secrets.learn_test_data(name, value);
    }
    for (text, expected) in [
        ("xyzabcdef", "***"),
        ("abcdefxyz!", "***!"),
        ("abcdef!ghijkxyz", "***"),
        ("abcdef!ghijk-lm", "***"),
        ("xyzabcdefg", "***abcdefg"),
    ] {
        assert_eq!(secrets.mask(text), expected, "{text}");
    }
}

#[test]
fn a_byte_order_mark_and_every_other_byte_stay() {
    let text = "\u{feff}<a>Kiểm\r\n\tthử\0</a>";
    assert_eq!(data(text), text);
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut masked = String::new();
    let secrets = secrets(&["thử"]);
    let mut reader = secrets.masked(utf16.as_slice(), TextKind::Data).unwrap();
    reader.read_to_string(&mut masked).unwrap();
    assert_eq!(masked, "<a>Kiểm\r\n\t***\0</a>");
}

#[test]
fn paths_of_tests_and_suites_are_shown_as_they_are() {
    let mut secrets = secrets(&["a/b-secret"]);
    secrets.learn_test_data("password", "Customer");
    for path in ["Test Cases/Customer/New", "Test Cases/Customer", "/", "b-"] {
        secrets.keep(path);
    }
    let text = "Test Cases/Customer/New of Customer: a/b-secret";
    assert_eq!(secrets.mask(text), "Test Cases/Customer/New of ***: ***");
    assert_eq!(
        secrets.clean(text).as_str(),
        "Test Cases/***/New of ***: ***"
    );
}

#[test]
fn so_many_paths_are_kept_and_further_ones_are_masked() {
    let mut secrets = Secrets::default();
    secrets.learn_test_data("password", "Customer");
    secrets.keep("Test Cases/Customer/1");
    secrets.keep(&format!("Test Cases/{}", "x".repeat(MOST_KEPT)));
    secrets.keep("Test Cases/Customer/2");
    secrets.keep(&format!("Test Cases/{}", "y".repeat(MOST_KEPT - 60)));
    secrets.keep("Test Cases/Customer/3");
    let text = "Test Cases/Customer/1 Test Cases/Customer/2 Test Cases/Customer/3 Customer";
    assert_eq!(
        secrets.mask(text),
        "Test Cases/Customer/1 Test Cases/Customer/2 Test Cases/***/3 ***"
    );
}

#[test]
fn more_test_data_than_can_be_looked_for_lets_no_text_leave() {
    let odd = "p&ss \"word\"";
    let mut secrets = Secrets::default();
    secrets.learn_test_data("password", odd);
    let in_all_forms = secrets.bytes;
    secrets.limits = Limits {
        all_forms: in_all_forms,
        most: 2 * in_all_forms,
    };
    assert_eq!(secrets.amount(), Amount::Usual);

    // Behind the first limit: as Katalon writes it.
    secrets.learn_test_data("password", "Sommer & \"Sonne\"");
    assert_eq!(secrets.amount(), Amount::Much);
    for text in [
        "a Sommer & \"Sonne\" b",
        "a Sommer &amp; &quot;Sonne&quot; b",
        "a Sommer &amp;amp; &amp;quot;Sonne&amp;quot; b",
        "a Sommer &amp; \"Sonne\" b",
        "a Sommer & \\\"Sonne\\\" b",
        "a Sommer%20%26%20%22Sonne%22 b",
    ] {
        assert_eq!(secrets.mask(text), "a *** b", "{text}");
        assert_eq!(file(&secrets, text, TextKind::Words), "a *** b", "{text}");
    }
    // One of the job is looked for in every form whatever there is.
    secrets.learn_job([("TOKEN", "o'neil")]);
    assert_eq!(secrets.mask("a o&#x27;neil b"), "a *** b");

    // Behind the second one: nothing leaves that might hold it, and the log shows what is known.
    while secrets.amount() != Amount::TooMuch {
        let number = secrets.bytes;
        secrets.learn_test_data("password", &format!("Sommer{number}"));
    }
    assert!(secrets.bytes <= 2 * in_all_forms);
    assert_eq!(secrets.clean("a b").as_str(), "***");
    assert_eq!(secrets.clean_file_name("a.png").as_str(), "***");
    assert!(secrets.masked(&b"a b"[..], TextKind::Data).is_err());
    assert_eq!(secrets.mask(&format!("a {odd} o'neil b")), "a *** *** b");
}

#[test]
fn values_that_end_with_each_other_without_end_are_more_than_can_be_looked_for() {
    let mut secrets = Secrets::default();
    secrets.learn_job([("TOKEN", "o'neil")]);
    // As somebody has them who tries how long a password may be.
    for length in 6..64 {
        secrets.learn_test_data("password", &"x".repeat(length));
    }
    assert_eq!(secrets.amount(), Amount::Usual);
    assert_eq!(
        secrets.clean("a xxxxxxxx yxxxxxx b").as_str(),
        "a *** yxxxxxx b"
    );
    for length in 64..200 {
        secrets.learn_test_data("password", &"x".repeat(length));
    }
    assert_eq!(secrets.amount(), Amount::TooMuch);
    assert_eq!(secrets.clean("a b").as_str(), "***");
    assert!(secrets.masked(&b"a b"[..], TextKind::Data).is_err());
    assert_eq!(secrets.mask("a o'neil b"), "a *** b");
}

#[test]
fn of_a_secret_that_is_longer_than_any_message_no_piece_is_left() {
    let mut secrets = Secrets::default();
    let long: String = (0..3 * LONGEST_FORM)
        .map(|at| char::from(b'a' + (at * at % 23) as u8))
        .collect();
    let long = format!("{long}-ü{}", &long[..100]);
    secrets.learn_test_data("password", &long);
    assert!(
        secrets
            .known
            .keys()
            .all(|form| form.len() <= LONGEST_FORM + 6)
    );
    let mut masked = String::new();
    let text = format!("x {long} y{long}z");
    let mut reader = secrets.masked(text.as_bytes(), TextKind::Data).unwrap();
    reader.read_to_string(&mut masked).unwrap();
    assert_eq!(masked, "x *** y***z");
    assert_eq!(secrets.mask(&text), "x *** y***z");
}

#[test]
fn a_very_long_secret_is_looked_for_as_katalon_writes_it() {
    let mut secrets = Secrets::default();
    let long = format!(
        "a \"b\" & <c> {}",
        "ü'".repeat(LONGEST_IN_ALL_FORMS / 3 + 1)
    );
    secrets.learn_test_data("password", &long);
    assert!(secrets.known.len() < 30, "{}", secrets.known.len());
    assert_eq!(secrets.mask(&format!("x {long} y")), "x *** y");
}

#[test]
fn a_password_is_masked_however_short_and_test_data_of_the_job_everywhere() {
    let mut secrets = Secrets::default();
    secrets.learn_password("password of the proxy", "ab");
    secrets.learn_test_data("password", "Sommer2026");
    assert_eq!(secrets.mask("ab xSommer2026x"), "*** xSommer2026x");
    secrets.learn_job([("JOB", "Sommer2026")]);
    assert_eq!(secrets.mask("xSommer2026x"), "x***x");
}

#[test]
fn a_secret_within_another_leaves_no_tail() {
    let secrets = secrets(&["abcdef", "bcd"]);
    assert_eq!(secrets.mask("abcdef"), "***");
}

#[test]
fn test_data_beside_a_value_that_its_name_masks_stands_alone() {
    let mut secrets = Secrets::default();
    secrets.learn_test_data("password", "Sommer2026");
    let masked = file(&secrets, "{\"token\": 12Sommer2026}", TextKind::Data);
    assert_eq!(masked, "{\"token\": \"***\"***}");
}

#[test]
fn of_two_names_that_end_in_one_place_each_counts_unless_they_are_one_word() {
    let secrets = Secrets::new(SecretNames::new(["user pin", "pin", "mypin"]), true);
    for (text, expected) in [
        ("superuser pin=1234", "superuser pin=***"),
        ("mypin=1234", "mypin=***"),
    ] {
        assert_eq!(file(&secrets, text, TextKind::Data), expected);
    }
}

#[test]
fn of_two_paths_that_are_kept_the_longer_is_kept_whole() {
    let mut secrets = Secrets::default();
    secrets.learn_test_data("password", "Customer");
    secrets.keep("Test Cases/New");
    secrets.keep("Test Cases/New Customer");
    let text = "Test Cases/New Customer";
    assert_eq!(secrets.mask(text), text);
}

#[test]
fn what_only_looks_like_a_secret_stays_in_files() {
    for (kind, text) in [
        (
            TextKind::Page,
            "<password-field class=\"a\">text</password-field>",
        ),
        (TextKind::Page, "<a href=\"/x?token=abcdefghijkl\">"),
        (
            TextKind::Data,
            "<property name=\"iteration\">ann</property>",
        ),
    ] {
        assert_eq!(file(&Secrets::default(), text, kind), text);
    }
}

#[test]
fn a_reader_that_is_interrupted_is_read_on() {
    struct Interrupted(&'static [u8], bool);
    impl Read for Interrupted {
        fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let count = self.0.len().min(3).min(target.len());
            target[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }
    let secrets = secrets(&["hunter2"]);
    let source = Interrupted(b"x hunter2 y", false);
    let mut text = String::new();
    let mut masked = secrets.masked(source, TextKind::Data).unwrap();
    masked.read_to_string(&mut text).unwrap();
    assert_eq!(text, "x *** y");
}

#[test]
fn test_data_is_found_wherever_a_window_ends() {
    let mut secrets = Secrets::default();
    secrets.learn_test_data("password", "Sommer2026");
    let text = "a Sommer2026 b Sommer2026";
    let masks = secrets.masks().unwrap();
    for decided in 1..40 {
        let mut masked = String::new();
        let reader = masks.reader_by(text.as_bytes(), TextKind::Data, decided);
        reader.unwrap().read_to_string(&mut masked).unwrap();
        assert_eq!(masked, "a *** b ***", "windows of {decided}");
    }
}

#[test]
fn one_value_that_is_longer_than_all_may_be_is_too_much_by_itself() {
    let mut secrets = Secrets::default();
    secrets.limits.most = 10_000;
    // Its forms are longer than it is.
    for value in ["x".repeat(10_001), "\"".repeat(5_000)] {
        let mut secrets = secrets.clone();
        secrets.learn_test_data("password", &value);
        assert_eq!((secrets.amount(), secrets.bytes), (Amount::TooMuch, 0));
    }
    secrets.learn_test_data("password", &"x".repeat(10_000));
    assert_eq!((secrets.amount(), secrets.bytes), (Amount::Usual, 10_000));
}
