//! Event ids as numbers and as texts.

use proptest::prelude::*;

use super::*;
use crate::base::NONE;

#[test]
fn event_ids_stay_numbers_until_one_is_none() {
    let mut ids = EventIds::Numbers(Vec::new());
    for it in ["7", "", "-3"] {
        ids.push(it);
    }
    ids.push("007");
    ids.push("");
    let Sequence::Texts(column) = ids.finish() else { panic!("not texts") };
    assert_eq!(column.codes, [0, NONE, 1, 2, NONE]);
    assert_eq!(column.dictionary.iter().collect::<Vec<_>>(), ["7", "-3", "007"]);
}

#[test]
fn a_number_is_the_same_event_id_as_its_text() {
    let mut scratch = String::new();
    for it in [0, 7, -7, 999_999_999_999_999_999, i64::MAX, i64::MIN + 1, i64::MIN] {
        let (mut numbers, mut texts) =
            (EventIds::Numbers(Vec::new()), EventIds::Numbers(Vec::new()));
        numbers.push_number(it, &mut scratch);
        texts.push(&it.to_string());
        assert_eq!(format!("{numbers:?}"), format!("{texts:?}"));
    }
}

proptest! {
    #[test]
    fn numbers_in_a_row_are_what_their_texts_are(
        first in prop_oneof![0..200u64, 9_990..10_010u64, any::<u64>()],
        steps in prop::collection::vec(prop_oneof![9 => Just(1u64), 1 => 0..12u64], 0..60),
        odd in prop::option::of((0..60usize, "[0-9x]{0,17}")),
    ) {
        let mut at = first >> 4;
        let mut texts: Vec<String> = steps.iter().map(|it| {
            at += it;
            at.to_string()
        }).collect();
        if let Some((place, text)) = odd && let Some(to) = texts.get_mut(place) {
            *to = text;
        }
        let mut ids = EventIds::default();
        let (mut text, mut spans) = (String::from(","), Vec::new());
        for it in &texts {
            let start = text.len() as u32;
            text.push_str(it);
            spans.push(Span { start, end: text.len() as u32 });
            text.push(',');
        }
        ids.extend_texts(&text, Spans::Each(&spans), spans.len());
        let mut plain = EventIds::default();
        texts.iter().for_each(|it| plain.push(it));
        match (ids.finish(), plain.finish()) {
            (Sequence::Numbers(it), Sequence::Numbers(plain)) => prop_assert_eq!(it, plain),
            (Sequence::Texts(it), Sequence::Texts(plain)) => {
                prop_assert_eq!(it.codes, plain.codes);
                prop_assert!(it.dictionary.iter().eq(plain.dictionary.iter()));
            }
            other => prop_assert!(false, "{other:?}"),
        }
    }
}

#[test]
fn only_plain_numbers_are_canonical() {
    for it in ["0", "5", "-5", "9223372036854775807", "-9223372036854775807"] {
        assert_eq!(canonical(it).map(|it| it.to_string()).as_deref(), Some(it));
    }
    let texts = ["", "-", "-0", "00", "05", "+5", "5.", " 5", "9223372036854775808", "1a", "e1"];
    for it in texts {
        assert_eq!(canonical(it), None, "{it}");
    }
}
