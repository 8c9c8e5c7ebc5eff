//! The methods that make requests, the same in both clients.

/// Writes the methods of a client that make requests of the type `$request`.
macro_rules! requests {
    ($request:ident; $($method:ident $verb:literal $variant:ident,)*) => {
        $(
            #[doc = concat!("Makes a `", $verb, "` request; see [`req`](Self::req).")]
            pub fn $method<'c, 'u: 'c, U>(&'c self, uri: U) -> $request<'c>
            where
                U: TryInto<rocket::http::uri::Origin<'u>> + std::fmt::Display,
            {
                self.req(rocket::http::Method::$variant, uri)
            }
        )*
    };
    ($request:ident) => {
        requests! { $request;
            get "GET" Get,
            post "POST" Post,
            put "PUT" Put,
            patch "PATCH" Patch,
            delete "DELETE" Delete,
            head "HEAD" Head,
            options "OPTIONS" Options,
        }
    };
}

pub(super) use requests;
