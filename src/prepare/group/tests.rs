use proptest::prelude::*;

use super::*;
use crate::base::Dictionary;
use crate::prepare::rows::{sequence_text, text_sequence};

proptest! {
    #[test]
    fn rows_come_by_customer_time_sequence_and_place(
        rows in prop::collection::vec((0u32..90, 0i64..40, -2i64..3), 0..400),
        ordered in any::<bool>(),
        sequenced in any::<bool>(),
    ) {
        let mut rows = rows;
        if ordered {
            rows.sort_by_key(|it| it.1);
        }
        let mut dictionary = Dictionary::default();
        let codes = ["b", "a"].map(|it| dictionary.intern(it));
        let texts = IdTable { shards: vec![dictionary], bases: vec![0, 2] };
        let sequence = |it: i64| match it {
            0.. if sequenced => text_sequence(codes[it as usize % 2]),
            _ if sequenced => it,
            _ => 0,
        };
        let customers: Vec<u32> = rows.iter().map(|it| it.0).collect();
        let (mut offsets, mut places) = (vec![0; 91], vec![0; rows.len()]);
        count_into_place(&customers, &mut offsets, &mut places);
        let (mut times, mut order) = (vec![0; rows.len()], Vec::new());
        let mut sequences = vec![0; if sequenced { rows.len() } else { 0 }];
        for (row, &place) in rows.iter().zip(&places) {
            times[place as usize] = row.1;
            if let Some(it) = sequences.get_mut(place as usize) {
                *it = sequence(row.2);
            }
        }
        let (ties, sorts) = order_customers(&mut times, &sequences, &texts, &offsets, &mut order);
        if sorts {
            places.iter_mut().for_each(|it| *it = order[*it as usize]);
        }
        let rank = |row: usize| {
            let text = sequence_text(sequence(rows[row].2)).map(|it| texts.get(it).to_owned());
            let number = if text.is_some() { 0 } else { sequence(rows[row].2) };
            (rows[row].0, rows[row].1, text, number)
        };
        let mut wanted: Vec<usize> = (0..rows.len()).collect();
        wanted.sort_by_key(|&it| rank(it));
        let mut found = vec![0; rows.len()];
        places.iter().enumerate().for_each(|(row, &place)| found[place as usize] = row);
        prop_assert_eq!(&found, &wanted);
        prop_assert_eq!(times, wanted.iter().map(|&it| rows[it].1).collect::<Vec<_>>());
        let same = wanted.windows(2).filter(|it| rank(it[0]) == rank(it[1])).count();
        prop_assert_eq!(ties, same as u64);
    }
}
