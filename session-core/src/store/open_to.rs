/// Who else may use the records of a store on this machine, and what to do about it, in words for people.
///
/// The answer of [`Store::open_to_others`](super::Store::open_to_others).
///
/// ```
/// # mod rocket_session_state { pub mod store { pub use rocket_session_state_core::store::*; } }
/// use rocket_session_state::store::OpenTo;
///
/// let answer = OpenTo::Everybody("every user of this machine may write /srv/sessions; run `chmod o-w` on it".into());
/// assert!(matches!(answer, OpenTo::Everybody(_)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenTo {
    /// Every user of the machine may write records, and with that be any user of the application. Nothing launches
    /// outside the debug profile, where it is a warning.
    Everybody(String),
    /// Some others may: a group, another owner, those who may only read. A warning at launch, since it may be meant so.
    Others(String),
}

impl OpenTo {
    /// Returns the first answer that lets nothing launch, or else the first.
    pub(super) fn worst(answers: [Option<OpenTo>; 2]) -> Option<OpenTo> {
        let mut answers: Vec<OpenTo> = answers.into_iter().flatten().collect();
        let everybody = answers.iter().position(|answer| matches!(answer, OpenTo::Everybody(_)));
        (!answers.is_empty()).then(|| answers.swap_remove(everybody.unwrap_or_default()))
    }
}
