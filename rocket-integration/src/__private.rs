//! What generated code names, and nobody else: there is no promise about it from one version to the next.

pub use rocket::request::{FromRequest, Outcome};
pub use rocket::{Ignite, Request, Rocket, Sentinel, async_trait};
pub use session_core::merge::{Policy, add, max, min, refuse, union};
pub use session_core::typed::{Field, HasDefault, IntoField, LoginValue, get, missing, set, take, update};

pub use crate::guard::generated::*;
pub use crate::guard::{
    Fut, GuardDef, Parts, Proof, SessionGuard, SessionState, abort, authorize, enter, open,
};
pub use crate::{Session, SessionError};
