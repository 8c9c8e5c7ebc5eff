//! Names for generated code, and for types that stand in hidden signatures. There is no promise about them from
//! one version to the next.

pub use rocket;
pub use rocket::http::uri::Origin;
pub use rocket::request::FromRequest;
pub use rocket::{Ignite, Request, Rocket, Route, Sentinel, routes};
pub use rocket_session_state_core::codec::EncodeError;
pub use rocket_session_state_core::config::{CheckedConfig, Environment};
pub use rocket_session_state_core::fields::{
    Field, HasDefault, IntoField, LoginValue, Picture, SessionValue, get, missing, picture, set, take, update,
};
pub use rocket_session_state_core::merge::{Policy, add, max, min, refuse, union};
pub use rocket_session_state_core::session::layout::layout_of;
pub use rocket_session_state_core::value::Value;

pub use crate::guard::generated::*;
pub use crate::guard::{
    Access, Fut, GuardDef, LayoutOf, Listed, LoginTarget, NoUser, Parts, Proof, Require, SessionGuard,
    SessionState, TypedKey, abort, authorize, enter, gate, open, required,
};
pub use crate::user::{
    ByValue, Clones, HasUser, IdOf, LoginField, LoginId, UserField, UserSource, fill_user, find, found,
    log_in, login_field, source, user_of,
};
pub use crate::{Next, Session, SessionError, SessionUser};
