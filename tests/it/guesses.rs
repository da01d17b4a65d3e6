//! What a study guesses where the journey file says nothing.

use crate::case::Case;

/// The goals that are guessed from a log of these events and amounts.
fn goal(events: &[(&str, &str)]) -> Vec<String> {
    let rows: String = (0..)
        .zip(events)
        .map(|(at, (event, value))| format!("u,{},{event},{value}\n", 1_767_225_600 + at))
        .collect();
    let journey = "[[source]]\npath = 'e.csv'\ntime = 't'\nevent = 'e'\nvalue = 'v'\n\
                   ids = { user = 'u' }\n";
    let file = format!("u,t,e,v\n{rows}");
    let study = Case::new(&[("e.csv", &file), ("journey.toml", journey)]).study();
    study.catalog.goals.iter().map(|it| study.catalog.stage(*it).to_owned()).collect()
}

#[test]
fn the_goal_is_the_one_stage_with_amounts_or_has_a_telling_name() {
    assert_eq!(goal(&[("home", ""), ("gift", "5"), ("signup", "")]), ["gift"]);
    assert_eq!(goal(&[("home", "1"), ("gift", "5"), ("Signed up", "")]), ["Signed up"]);
    assert_eq!(goal(&[("order placed", ""), ("signup", ""), ("home", "")]), ["order placed"]);
    assert_eq!(goal(&[("home", ""), ("list", "")]), [""; 0]);
}
