//! Differences from Flask on purpose, which the probe and the companion share: the kinds, and each place where one shows.

use session_tests::scenario::Aspect::{self, Keys, Lifetime, Record, SetCookie, Status, Vary};

/// Differences with one reason.
pub(super) struct Kind {
    /// Why it is better so.
    pub(super) reason: &'static str,
    /// The scenario's number, the step, and what differs there.
    pub(super) at: &'static [(&'static str, usize, &'static [Aspect])],
}

/// Scenarios whose configuration does not launch, with what the log says.
pub(super) const NOT_LAUNCHED: &[(&str, &str)] = &[
    // Flask launches with a lifetime of nothing and then answers every save with an error.
    ("062", "permanent_session_lifetime"),
];

pub(super) const KINDS: &[Kind] = &[
    Kind {
        reason: "a request that does not use the session neither loads nor refreshes it",
        at: &[
            ("016", 1, &[SetCookie, Vary]),
            ("035", 1, &[SetCookie, Vary]),
            ("036", 0, &[SetCookie, Vary]),
            ("048", 3, &[SetCookie, Vary]),
            ("056", 1, &[SetCookie, Vary, Lifetime]),
        ],
    },
    Kind {
        reason: "a change inside a list is noticed, and saved as any other",
        at: &[("012", 1, &[SetCookie]), ("015", 1, &[SetCookie]), ("041", 0, &[SetCookie, Record])],
    },
    Kind {
        reason: "a refresh extends the life of a record and does not write it anew, in whatever format it is",
        at: &[("058", 0, &[Record])],
    },
    Kind {
        reason: "a deletion carries all attributes of the cookie, since some browsers ignore it otherwise",
        at: &[
            ("042", 0, &[SetCookie]),
            ("043", 0, &[SetCookie]),
            ("044", 0, &[SetCookie]),
            ("047", 0, &[SetCookie]),
            ("047", 1, &[SetCookie]),
            ("063", 1, &[SetCookie]),
        ],
    },
    Kind {
        reason: "a renewed id leaves a note of its successor for a minute, where Flask-Session never looks",
        at: &[("051", 0, &[Keys])],
    },
    Kind {
        reason: "session_cookie_partitioned holds for server sessions too",
        at: &[("063", 0, &[SetCookie])],
    },
    Kind {
        reason: "an unreadable record is a new session and an error in the log, not an error page for ever",
        at: &[("061", 0, &[Status, Vary])],
    },
    Kind {
        reason: "where a secret is missing the debug profile makes one, and no other profile launches; \
                 Flask's null session can be read and not written",
        at: &[
            ("031", 0, &[Vary]),
            ("031", 1, &[Status, SetCookie, Vary]),
            ("031", 2, &[Status, SetCookie, Vary]),
            ("031", 3, &[Status, SetCookie, Vary]),
        ],
    },
    Kind {
        reason: "Rust's sets are stored as lists, in every format; Flask's cookie refuses Python's",
        at: &[("026", 0, &[Status, SetCookie])],
    },
    Kind {
        reason: "another deflate finds this content not worth compressing; either form is read by both",
        at: &[("028", 0, &[SetCookie])],
    },
];

/// What the companion does as Flask-Session.
pub(super) const OURS_ALONE: Kind = Kind {
    reason: "a load in Flask's way extends the life in the same round trip, whatever the record holds",
    at: &[("061", 0, &[Lifetime])],
};

const _: () = assert!(KINDS.len() <= 15, "a twin with so many differences is none");
