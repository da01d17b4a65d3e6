//! Tests of `sniff`.

use std::io::Write as _;

use super::*;

/// Looks at a text as if it were a file, and shows the guesses or the error with its hint.
fn look(file: &str, text: &str) -> Vec<String> {
    let ending = file.rsplit('.').next().unwrap();
    let sniffed = sample::of_text(text.as_bytes(), true, ending)
        .and_then(|sample| sniff_sample(file, file, &sample));
    match sniffed {
        Ok(it) => it.guesses,
        Err(error) => {
            vec![format!("error: {error}"), format!("hint: {}", error.hint_text().unwrap_or(""))]
        }
    }
}

#[test]
fn a_web_log_is_understood() {
    let mut text = String::from(
        "event_id,ts,anonymous_id,user_id,stage,channel,device,variant,value,currency,order_id\n",
    );
    for row in 0..40 {
        let (stage, value) = if row % 4 == 0 { ("purchase", "9.90") } else { ("product", "") };
        let order = if row % 4 == 0 { format!("o{row}") } else { String::new() };
        let currency = if row % 4 == 0 { "EUR" } else { "" };
        text.push_str(&format!(
            "{row},2026-01-01T00:00:{row:02}Z,a{},,{stage},email,{},{},{value},{currency},{order}\n",
            row % 7,
            ["mobile", "desktop"][row % 2],
            ["A", "B"][row % 2],
        ));
    }
    assert_eq!(
        look("ev.csv", &text),
        [
            "time = \"ts\" (RFC 3339)",
            "ids.cookie = \"anonymous_id\"",
            "order = \"order_id\"",
            "value = \"value\"",
            "currency = \"currency\"",
            "event = \"stage\" (2 names, such as product, purchase)",
            "channel = \"channel\"",
            "variant = \"variant\"",
            "event_id = \"event_id\"",
            "properties.device = \"device\"",
            "conversion = \"purchase\" (by its name)",
        ]
    );
    let sample = sample::of_text(text.as_bytes(), true, "csv").unwrap();
    let sniffed = sniff_sample("ev.csv", "ev.csv", &sample).unwrap();
    assert_eq!(sniffed.currency.as_deref(), Some("EUR"));
    assert_eq!(sniffed.conversion.as_deref(), Some("purchase"));
    assert_eq!(sniffed.events, ["product", "purchase"]);
    assert_eq!(sniffed.source.time_format, crate::input::TimeFormat::Auto);
}

#[test]
fn other_shapes_are_understood_too() {
    let lines = "{\"at\":{\"time\":1700000000123},\"user\":{\"id\":1},\"event\":\"view\"}\n\
                 {\"at\":{\"time\":1700000001123},\"user\":{\"id\":2},\"event\":\"sign_up\"}\n";
    let json = look("app.jsonl", lines);
    assert_eq!(json[0], "time = \"at.time\" (milliseconds since 1970)");
    assert_eq!(json[1], "ids.user = \"user.id\"");
    assert_eq!(json.last().unwrap(), "conversion = \"sign_up\" (by its name)");
    let orders = "InvoiceNo;CustomerID;InvoiceDate;Quantity;UnitPrice\n\
                  1;17850;2010-12-01 08:26:00;6;2.55\n2;17851;2010-12-01 08:27:00;1;3.00\n";
    assert_eq!(
        look("orders.csv", orders),
        [
            "delimiter = \";\"",
            "time = \"InvoiceDate\" (date and time without zone)",
            "ids.customer = \"CustomerID\"",
            "order = \"InvoiceNo\"",
            "value = \"UnitPrice\"",
            "quantity = \"Quantity\"",
            "every row is the event \"purchase\" (no column names one)",
            "conversion = \"purchase\" (by its name)",
        ]
    );
    let days = "day\tmember\tactivity\n20260101\ta\tx\n20260102\tb\ty\n";
    assert_eq!(
        look("log.tsv", days),
        [
            "time = \"day\" (date)",
            "ids.member = \"member\"",
            "event = \"activity\" (2 names, such as x, y)"
        ]
    );
    let case = "case:concept:name,time:timestamp,concept:name\n1,2011-10-01T00:38:44+02:00,A\n";
    assert_eq!(look("log.csv", case)[1], "ids.case = \"case:concept:name\"");
}

#[test]
fn what_values_do_not_confirm_is_not_guessed() {
    let cases = [
        (
            "when,user_id\nsoon,1\n",
            "error: x.csv: cannot tell which column is the time",
            "hint: name it in a journey file; the file has: when, user_id",
        ),
        (
            "date,user_id\n31/01/2026,1\n",
            "error: x.csv: cannot read times from column \"date\", such as \"31/01/2026\"",
            "hint: the order of day and month would be a guess",
        ),
        (
            "ts,colour\n2026-01-01,red\n",
            "error: x.csv: cannot tell which column says who it was",
            "hint: name it in a journey file; the file has: ts, colour",
        ),
        // Always the same: nobody's id.
        (
            &format!("ts,user_id\n{}", "2026-01-01,none\n".repeat(30)),
            "error: x.csv: cannot tell which column says who it was",
            "hint: name it",
        ),
        (
            "ts,user_id\n1700000000,true\n1700000001,false\n",
            "error: x.csv: cannot tell which column says who it was",
            "hint: name it",
        ),
    ];
    for (text, message, hint) in cases {
        let said = look("x.csv", text);
        assert_eq!(said[0], message, "{text}");
        assert!(said[1].starts_with(hint), "{}", said[1]);
    }
    let words =
        look("x.csv", "ts,user_id,value,variant\n2026-01-01,1,high,A\n2026-01-02,2,low,A\n");
    assert!(!words.iter().any(|it| it.starts_with("value") || it.starts_with("variant")));
}

#[test]
fn households_and_cases_are_ids_only_where_nobody_else_is() {
    let both = look("x.csv", "ts,household_id,customer_id\n2026-01-01,h1,c1\n2026-01-02,h1,c2\n");
    assert_eq!(both[1], "ids.customer = \"customer_id\"");
    assert!(!both.iter().any(|it| it.contains("ids.household")));
    let alone = look("x.csv", "ts,household_id\n2026-01-01,h1\n2026-01-02,h2\n");
    assert_eq!(alone[1], "ids.household = \"household_id\"");
}

#[test]
fn files_are_found_unpacked_and_their_format_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.csv.gz");
    let file = fs_err::File::create(&path).unwrap();
    let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    packed.write_all(b"ts\tuser\tevent\n2026-01-01\ta\tx\n2026-01-02\tb\tx\n").unwrap();
    packed.finish().unwrap();
    let path = path.to_str().unwrap();
    let sniffed = sniff(path).unwrap();
    assert_eq!((sniffed.path.as_str(), sniffed.source.path.as_str()), (path, path));
    assert_eq!(sniffed.source.format, "tsv"); // though its ending says csv
    assert!(sniff("-").unwrap_err().hint_text().is_some());
    assert!(sniff("no/such.csv").is_err());
}

#[test]
fn the_page_is_the_event_where_nothing_else_is() {
    let mut text = String::from("visitor,timestamp,method,path,status\n");
    for row in 0..40 {
        let page = ["/", "/blog"][row % 2];
        text.push_str(&format!("v{},2026-01-01T00:00:{row:02}Z,GET,{page},200\n", row % 7));
    }
    let guesses = look("log.csv", &text);
    assert!(guesses.contains(&"event = \"path\" (2 names, such as /, /blog)".to_owned()));
    let mut text = String::from("visitor,timestamp,path\n");
    for row in 0..404 {
        text.push_str(&format!("v{},2026-01-01T00:00:00Z,/page/{}\n", row % 7, row % 101));
    }
    let guesses = look("log.csv", &text);
    assert!(guesses.iter().any(|it| it.starts_with("every row is the event \"log\"")));
}

#[test]
fn lists_of_events_are_named_with_advice() {
    let advice = |list: &str| {
        let line = format!("{{\"session\":7,\"tags\":[],\"{list}\":[{{\"ts\":1}}]}}\n");
        look("a.jsonl", &line).pop().unwrap()
    };
    assert_eq!(
        advice("events"),
        "hint: \"events\" holds a list, but a line must be one event; try: jq -c '. as $it | \
         .events[] + ($it | del(.events))'"
    );
    // No name of the data gets into a command that somebody pastes into a shell.
    let hostile = advice("a'; rm x; '");
    assert!(hostile.ends_with("a line must be one event"), "{hostile}");
}

#[test]
fn a_column_called_event_is_one_even_where_no_name_comes_twice() {
    let mut text = String::from("user_id,timestamp,event\n");
    for row in 0..40 {
        text.push_str(&format!("u{},2026-01-01T00:00:{row:02}Z,name {row}\n", row % 3));
    }
    let guesses = look("e.csv", &text);
    assert!(guesses[2].starts_with("event = \"event\" (40 names"), "{guesses:?}");
}
