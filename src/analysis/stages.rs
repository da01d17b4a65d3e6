//! Stages by name: those that options give, and those that names suggest.
//!
//! A guess is only ever a default, and whoever uses one says so in the report.

use crate::base::{Error, Result, StageId};
use crate::model::Catalog;

/// Names of a cart.
pub const CART: &[&str] = &["cart", "basket"];
/// Names of the start of a checkout.
pub const CHECKOUT: &[&str] = &["checkout"];
/// Names of a product page.
pub const PRODUCT: &[&str] = &["product", "item"];
/// Names of a payment step.
pub const PAYMENT: &[&str] = &["payment", "pay"];
/// Names of a purchase.
pub const PURCHASE: &[&str] = &["purchase", "buy", "order"];
/// Words that turn a stage into its opposite (`remove_from_cart`).
const UNDOING: [&str; 4] = ["remove", "abandon", "cancel", "refund"];

/// The stage that an option names.
///
/// # Errors
/// No stage has that name; the nearest one is suggested.
pub fn named(catalog: &Catalog, name: &str) -> Result<StageId> {
    catalog.stages.id(name).map(StageId).ok_or_else(|| {
        Error::new(format!("there is no stage \"{name}\"")).suggest(catalog.stages.nearest(name))
    })
}

/// The stage that an option names, or else the one whose name suggests it.
///
/// # Errors
/// As [`named`].
pub fn named_or_guessed(
    catalog: &Catalog,
    name: Option<&str>,
    words: &[&str],
) -> Result<Option<StageId>> {
    name.map_or_else(|| Ok(guessed(catalog, words)), |it| named(catalog, it).map(Some))
}

/// The stage whose name suggests one of the words: the word itself, else a view
/// of it, else any name with the word; the first by name. For a cart, adding to
/// it comes first, since a cart that is looked at may be empty.
pub fn guessed(catalog: &Catalog, words: &[&str]) -> Option<StageId> {
    let rank = |name: &str| {
        if !may_hold(name, words) {
            return None;
        }
        let parts: Vec<String> = name
            .split(|it: char| !it.is_alphanumeric())
            .filter(|it| !it.is_empty())
            .map(str::to_lowercase)
            .collect();
        let is = |part: &String| words.iter().any(|it| part == it);
        let undone = parts.iter().any(|part| UNDOING.iter().any(|it| part.starts_with(it)));
        if undone || !parts.iter().any(is) {
            return None;
        }
        let adds = parts.first().is_some_and(|it| it == "add");
        let views = parts.first().is_some_and(|it| it == "view");
        Some(match (parts.len(), adds, views) {
            (_, true, _) => {
                if words == CART {
                    0
                } else {
                    4
                }
            }
            (1, _, _) => 1,
            (_, _, true) => 2,
            _ => 3,
        })
    };
    let stages = catalog.stages.iter().enumerate();
    let ranked = stages.filter_map(|(index, name)| Some((rank(name)?, StageId::at(index))));
    ranked.min().map(|it| it.1)
}

/// Whether a name may hold one of the words: never a wrong no, and quick, since a
/// log can have a million stages.
fn may_hold(name: &str, words: &[&str]) -> bool {
    let holds = |word: &&str| {
        let mut windows = name.as_bytes().windows(word.len());
        windows.any(|it| it.eq_ignore_ascii_case(word.as_bytes()))
    };
    !name.is_ascii() || words.iter().any(holds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Names;

    fn catalog(names: &[&str]) -> Catalog {
        let names = names.iter().map(|&it| it.to_owned());
        Catalog { stages: Names::new(names), ..Catalog::default() }
    }

    #[test]
    fn the_plainest_name_is_guessed() {
        let cases: &[(&[&str], &[&str], Option<&str>)] = &[
            (&["a cart", "Cart", "add_to_cart"], CART, Some("add_to_cart")),
            (&["a cart", "Cart", "view_cart"], CART, Some("Cart")),
            (&["add_product_to_cart", "product page"], PRODUCT, Some("product page")),
            (&["abandoned cart", "view_cart", "my cart"], CART, Some("view_cart")),
            (&["remove_from_cart"], CART, None),
            (&["Shopping Basket"], CART, Some("Shopping Basket")),
            (&["cartoons"], CART, None),
            (&["begin_checkout", "home"], CHECKOUT, Some("begin_checkout")),
        ];
        for &(names, words, wanted) in cases {
            let catalog = catalog(names);
            let found = guessed(&catalog, words).map(|it| catalog.stage(it));
            assert_eq!(found, wanted, "{names:?}");
        }
    }

    #[test]
    fn a_mistyped_stage_is_an_error_with_the_nearest() {
        let catalog = catalog(&["checkout", "home"]);
        let error = named(&catalog, "chekout").unwrap_err();
        assert_eq!(error.to_string(), "there is no stage \"chekout\"");
        assert_eq!(error.hint_text(), Some("did you mean \"checkout\"?"));
    }
}
