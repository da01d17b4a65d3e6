//! Names and their ids: a sorted list, so that an id is the rank of its name.

use std::sync::Arc;

/// A sorted list of distinct names; the id of a name is its rank.
///
/// Because ids are ranks, they depend on the set of names alone: never on the
/// order of rows, files or threads.
///
/// ```
/// use touchpath::base::Names;
/// let names = Names::new(["cart".into(), "home".into(), "cart".into()]);
/// assert_eq!(names.len(), 2);
/// assert_eq!(names.id("home"), Some(1));
/// assert_eq!(names.get(0), "cart");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    sorted: Arc<Vec<String>>,
}

impl Names {
    /// Sorts the names by their bytes and drops repeats.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        let mut sorted: Vec<String> = names.into_iter().collect();
        sorted.sort_unstable();
        sorted.dedup();
        Self { sorted: Arc::new(sorted) }
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Whether there is no name.
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// The name with this id, or `""` for an id that is not one (such as `NONE`).
    pub fn get(&self, id: u32) -> &str {
        self.sorted.get(id as usize).map_or("", String::as_str)
    }

    /// The id of a name, if it is one.
    pub fn id(&self, name: &str) -> Option<u32> {
        let rank = self.sorted.binary_search_by(|it| it.as_str().cmp(name)).ok()?;
        u32::try_from(rank).ok()
    }

    /// All names in order of their ids.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.sorted.iter().map(String::as_str)
    }

    /// The known name nearest to a mistyped one, for a hint.
    ///
    /// ```
    /// # use touchpath::base::Names;
    /// let names = Names::new(["purchase".into(), "cart".into()]);
    /// assert_eq!(names.nearest("purchse"), Some("purchase"));
    /// assert_eq!(names.nearest("zebra crossing"), None);
    /// ```
    pub fn nearest(&self, name: &str) -> Option<&str> {
        nearest(name, self.iter())
    }
}

/// The candidate nearest to a mistyped name, if any is near enough to suggest.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    candidates
        .into_iter()
        .map(|it| (likeness(&wanted, &it.to_lowercase()), it))
        .filter(|(score, _)| *score >= 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)))
        .map(|(_, it)| it)
}

/// How like two names are, from 0 to 1; one slip of the finger is always near.
fn likeness(wanted: &str, known: &str) -> f64 {
    let like = strsim::jaro_winkler(wanted, known);
    let slip = wanted.chars().count() > 2 && strsim::damerau_levenshtein(wanted, known) < 2;
    if slip { like.max(0.9) } else { like }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_near() {
        let cases = [
            ("gpa", Some("gap")),
            ("Purchse", Some("purchase")),
            ("paht", Some("path")),
            ("xy", None),
            ("", None),
        ];
        for (wrong, expected) in cases {
            assert_eq!(nearest(wrong, ["gap", "purchase", "path", "csv"]), expected, "{wrong}");
        }
    }
}
