//! The traces of `__test__/traces/`, which the artefact plays too: whatever runs the policy, it decides the same.

use websocket_reconnect_native::browser::{Client, Exchange};

#[test]
fn every_trace_is_decided_as_the_artefact_decides_it() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/__test__/traces");
    let mut lines = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        lines += play(&text, &path.display().to_string());
    }
    assert!(lines > 1000, "{lines} lines");
}

/// Plays a trace, and tells how many lines it has.
fn play(text: &str, name: &str) -> usize {
    let mut client = None;
    let mut answers = Vec::new().into_iter();
    let mut lines = 0;
    for (index, line) in text.lines().enumerate() {
        let place = format!("{name}:{}", index + 1);
        lines += 1;
        let Some(expected) = line.strip_prefix("> ") else {
            assert_eq!(answers.next(), None, "{place}: decides more");
            answers = told(&mut client, line).into_iter();
            continue;
        };
        let found = answers
            .next()
            .unwrap_or_else(|| panic!("{place}: decides less"));
        assert_eq!(numbers(&found), numbers(expected), "{place}");
        assert_eq!(said(&found), said(expected), "{place}");
    }
    lines
}

/// Words that are no numbers stand as they are.
fn numbers(line: &str) -> Vec<Result<f64, &str>> {
    let words = line.split(" | ").next().unwrap_or_default();
    words
        .split(' ')
        .map(|word| number(word).ok_or(word))
        .collect()
}

fn number(word: &str) -> Option<f64> {
    match word {
        "Infinity" => Some(f64::INFINITY),
        _ => word.parse().ok(),
    }
}

fn said(line: &str) -> Option<&str> {
    line.split_once(" | ").map(|(_, text)| text)
}

/// What is decided, a line each.
fn told(client: &mut Option<Client>, line: &str) -> Vec<String> {
    let call = line.split(' ').next().unwrap_or_default();
    let args: Vec<f64> = numbers(line).into_iter().flatten().collect();
    let (now, args) = (args[0], &args[1..]);
    let text = said(line).unwrap_or_default().replace("\\n", "\n");
    let mut exchange = Exchange {
        text: text.into_bytes(),
        ..Exchange::default()
    };
    let mut put = |numbers: &[f64]| exchange.numbers[..numbers.len()].copy_from_slice(numbers);
    let mut answer = 0.0;
    match call {
        "create" => {
            put(&args[1..]);
            *client = Some(Client::new(args[0] as u32, &exchange));
        }
        "configure" => put(args),
        _ => {}
    }
    let client = client.as_mut().unwrap();
    let of = |index: usize| args.get(index).copied().unwrap_or_default();
    match call {
        "create" => {}
        "configure" => client.configure(&exchange, now),
        "connect" => answer = f64::from(client.connect(now)),
        "reconnect" => answer = f64::from(client.reconnect(of(0) as u32, &exchange, now)),
        "delay" => answer = client.delay(of(0)),
        "tell" => client.tell(of(0) as u32, of(1), of(2), &exchange, now),
        _ => panic!("no call: {line}"),
    }
    let mut lines = vec![answer.to_string()];
    loop {
        let kind = client.next(&mut exchange);
        if kind == 0 {
            break;
        }
        let count = if kind < 10 { 3 } else { 6 };
        let mut words = vec![kind.to_string()];
        words.extend(exchange.numbers[..count].iter().map(written));
        let text = String::from_utf8(exchange.text.clone())
            .unwrap()
            .replace('\n', "\\n");
        let text = if text.is_empty() {
            text
        } else {
            format!(" | {text}")
        };
        lines.push(words.join(" ") + &text);
    }
    lines.push(format!("deadline {}", written(&client.deadline())));
    lines
}

/// As JavaScript writes it, but for the number of digits.
fn written(number: &f64) -> String {
    if number.is_infinite() {
        "Infinity".to_owned()
    } else {
        number.to_string()
    }
}
