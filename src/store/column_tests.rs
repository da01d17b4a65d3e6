//! Columns come back as they were; bytes that are none are an error.

use proptest::prelude::*;

use super::*;

fn there_and_back_i64(values: &[i64]) -> usize {
    let mut bytes = Vec::new();
    encode_i64(values, &mut bytes);
    let size = bytes.len();
    bytes.push(7);
    let (mut rest, mut back) = (&bytes[..], vec![1]);
    decode_i64(&mut rest, &mut back).unwrap();
    assert_eq!((rest, &back[1..]), (&[7u8][..], values));
    passed_over(&bytes);
    size
}

fn passed_over(bytes: &[u8]) {
    let mut rest = bytes;
    skip(&mut rest).unwrap();
    assert_eq!(rest, [7]);
}

fn there_and_back_u32(values: &[u32]) -> usize {
    let mut bytes = Vec::new();
    encode_u32(values, &mut bytes);
    let mut back = Vec::new();
    decode_u32(&mut &bytes[..], &mut back).unwrap();
    assert_eq!(back, values);
    bytes.len()
}

#[test]
fn columns_of_one_value_or_none_have_no_codes() {
    assert!(there_and_back_u32(&[]) < 8);
    assert!(there_and_back_u32(&[NONE; 1000]) < 8);
    assert!(there_and_back_u32(&[9; 1000]) < 8);
    assert!(there_and_back_i64(&[NO_AMOUNT; 1000]) < 8);
    assert!(there_and_back_i64(&[i64::MAX; 1000]) < 18);
    let rows = MOST_EQUAL + 1;
    assert!(there_and_back_u32(&vec![5; rows]) > rows);
    assert!(there_and_back_i64(&vec![NO_AMOUNT; rows]) > rows);
}

#[test]
fn the_whole_range_comes_back() {
    there_and_back_i64(&[i64::MIN, i64::MIN + 1, i64::MAX, 0, -1]);
    there_and_back_i64(&[i64::MIN + 1, i64::MAX]);
    there_and_back_i64(&[i64::MAX, i64::MIN + 1, i64::MAX]);
    there_and_back_u32(&[0, NONE, NONE - 1]);
    there_and_back_u32(&[0, NONE - 1, 0]);
    for most in [0xfe, 0xff, 0x100, 0xfffe, 0xffff, 0x10000, 0xffff_fffe, 0xffff_ffff] {
        there_and_back_i64(&[0, most, NO_AMOUNT, 3]);
        there_and_back_i64(&[-5, most - 5, 3]);
        there_and_back_u32(&[0, most as u32, 3, NONE]);
        there_and_back_u32(&[0, most as u32, 3]);
    }
}

#[test]
fn times_in_order_cost_a_byte_or_two() {
    let day = 1_750_000_000_000_000i64;
    let rising: Vec<i64> = (0..1000).map(|it| day + it * it % 200 * 1_000 + it * 200_000).collect();
    assert!(there_and_back_i64(&rising) < 2_100);
    let mixed: Vec<i64> = (0..1000).map(|it| day + it * 7919 % 50_000 * 1_000_000).collect();
    assert!(there_and_back_i64(&mixed) < 2_100, "seconds of a day");
    let numbers: Vec<u32> = (0..100_000).collect();
    assert!(there_and_back_u32(&numbers) < 16);
    let falling: Vec<u32> = (0..100_000).rev().collect();
    assert!(there_and_back_u32(&falling) < 16);
}

#[test]
fn nothing_large_is_set_aside_for_a_lie() {
    for width in [0u8, 1, 2, 4, 8] {
        for flags in 0..=3 {
            let mut bytes = vec![0x20 | width, flags];
            put_number(u64::MAX >> 3, &mut bytes);
            bytes.extend([0; 40]);
            let mut out: Vec<i64> = Vec::new();
            assert!(decode_i64(&mut &bytes[..], &mut out).is_err());
            assert_eq!(out.capacity(), 0);
        }
    }
    let error = decode_u32(&mut &[0x20, 0, 0, 0, 1][..], &mut Vec::new()).unwrap_err();
    assert_eq!(error.message(), "not a column of this kind");
}

proptest! {
    #[test]
    fn any_numbers_come_back(
        values in prop::collection::vec(any::<i64>(), 0..400),
        shift in 0u32..64,
        scale in prop::sample::select(vec![1i64, 1_000, 1_000_000]),
        sorted in any::<bool>(),
    ) {
        let mut values: Vec<i64> = values.iter().map(|it| (it >> shift).wrapping_mul(scale)).collect();
        if sorted {
            values.sort_unstable();
        }
        there_and_back_i64(&values);
        let narrow: Vec<u32> = values.iter().map(|it| *it as u32).collect();
        there_and_back_u32(&narrow);
    }

    #[test]
    fn any_bytes_are_a_column_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..40), mark in 0u8..9) {
        let mut bytes = bytes;
        if let Some(it) = bytes.first_mut() {
            *it = 0x20 | mark;
        }
        let _ = decode_i64(&mut &bytes[..], &mut Vec::new());
        let _ = skip(&mut &bytes[..]);
        if let Some(it) = bytes.first_mut() {
            *it = 0x10 | mark;
        }
        let _ = decode_u32(&mut &bytes[..], &mut Vec::new());
    }

    #[test]
    fn numbers_come_back(number in any::<u64>(), shift in 0u32..64) {
        let mut bytes = Vec::new();
        put_number(number >> shift, &mut bytes);
        prop_assert_eq!(take_number(&mut &bytes[..]).unwrap(), number >> shift);
        bytes.pop();
        prop_assert!(take_number(&mut &bytes[..]).is_err());
    }
}
