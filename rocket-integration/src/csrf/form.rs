//! A form with a token.

use std::ops::{Deref, DerefMut};

use rocket::data::{self, Data, FromData};
use rocket::form::{self, DataField, Form, FromForm, Options, ValueField};
use rocket::request::Request;
use rocket::{Ignite, Rocket, Sentinel, async_trait};

use super::{CsrfError, FlaskWtf, FlaskWtfFormError};

/// A form that has brought the token of this session: what Rocket's `Form<T>` is, for requests that a page of this
/// application has sent.
///
/// ```
/// use rocket::{FromForm, post};
/// use rocket_session_state::csrf::FlaskWtfForm;
///
/// #[derive(FromForm)]
/// struct Order {
///     item: String,
/// }
///
/// #[post("/order", data = "<order>")]
/// fn order(order: FlaskWtfForm<Order>) -> String {
///     format!("you have ordered {}", order.into_inner().item)
/// }
/// ```
///
/// The token is found where Flask-WTF finds it: in the field of this name (`csrf_token`, unless `wtf_csrf_field_name`
/// says otherwise), in one whose name ends so, as a form with a prefix has it, or in a header, as
/// [`FlaskWtfHeader`](super::FlaskWtfHeader). A part of a multipart form with a content type of its own is a file, and
/// not searched. Without the right token the request fails with a 400; a handler that takes
/// `Result<FlaskWtfForm<T>, FlaskWtfFormError<'_>>` is told why.
///
/// `T` need not have a field for the token; a form within [`Strict`](rocket::form::Strict) lists it.
#[derive(Debug)]
pub struct FlaskWtfForm<T>(T);

impl<T> FlaskWtfForm<T> {
    /// Returns the form.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for FlaskWtfForm<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for FlaskWtfForm<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

#[async_trait]
impl<'r, T: FromForm<'r>> FromData<'r> for FlaskWtfForm<T> {
    type Error = FlaskWtfFormError<'r>;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> data::Outcome<'r, Self> {
        let refused = |error: CsrfError| {
            error.log(request);
            data::Outcome::Error((error.status(), FlaskWtfFormError::Token(error)))
        };
        // Who has no session, such as a page of another site, need not be read to the end.
        let csrf = match FlaskWtf::of(request).await {
            Ok(csrf) => csrf,
            Err(error) => return refused(CsrfError::Session(error)),
        };
        let read = match Form::<WithToken<'r, T>>::from_data(request, data).await {
            data::Outcome::Success(form) => form.into_inner(),
            data::Outcome::Forward(forward) => return data::Outcome::Forward(forward),
            // Too long, or not a form at all.
            data::Outcome::Error((status, errors)) => {
                return data::Outcome::Error((status, FlaskWtfFormError::Form(errors)));
            }
        };
        if let Err(error) = csrf.verify_form_or_header(read.token(csrf.field_name()), request) {
            return refused(error);
        }
        match read.form {
            Ok(form) => data::Outcome::Success(FlaskWtfForm(form)),
            Err(errors) => data::Outcome::Error((errors.status(), FlaskWtfFormError::Form(errors))),
        }
    }
}

impl<T> Sentinel for FlaskWtfForm<T> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        FlaskWtf::abort(rocket)
    }
}

/// What was read of a form, right or wrong, and the fields that may be its token. Which one is, only the configuration
/// knows, and a form that is being read can't ask it.
struct WithToken<'r, T> {
    form: form::Result<'r, T>,
    fields: Vec<(&'r str, &'r str)>,
}

impl<'r, T> WithToken<'r, T> {
    /// The token, in the order in which Flask-WTF looks for it.
    fn token(&self, field_name: &str) -> Option<&'r str> {
        let exact = self.fields.iter().find(|(name, _)| *name == field_name);
        let found = exact.or_else(|| self.fields.iter().find(|(name, _)| name.ends_with(field_name)));
        found.map(|(_, value)| *value)
    }
}

/// The form that is being read, and its fields so far.
struct Reading<'r, T: FromForm<'r>> {
    form: T::Context,
    fields: Vec<(&'r str, &'r str)>,
}

/// The longest value that may be a token.
const LONGEST: usize = 512;

#[async_trait]
impl<'r, T: FromForm<'r>> FromForm<'r> for WithToken<'r, T> {
    type Context = Reading<'r, T>;

    fn init(options: Options) -> Self::Context {
        Reading { form: T::init(options), fields: Vec::new() }
    }

    fn push_value(reading: &mut Self::Context, field: ValueField<'r>) {
        if (1..=LONGEST).contains(&field.value.len()) {
            reading.fields.push((field.name.source().as_str(), field.value));
        }
        T::push_value(&mut reading.form, field);
    }

    async fn push_data(reading: &mut Self::Context, field: DataField<'r, '_>) {
        T::push_data(&mut reading.form, field).await;
    }

    fn push_error(reading: &mut Self::Context, error: form::Error<'r>) {
        T::push_error(&mut reading.form, error);
    }

    fn finalize(reading: Self::Context) -> form::Result<'r, Self> {
        // Nothing is said about a form before its token is right.
        Ok(WithToken { form: T::finalize(reading.form), fields: reading.fields })
    }
}
