//! The methods that make requests, the same in both clients.

/// Writes the methods of a client that make requests of Rocket's type `$request`. The client has the fields `launched`,
/// which leads to Rocket's own client, and `visitor`.
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

        /// Makes a request of Rocket's own kind, with the cookies that the visitor has now.
        ///
        /// A `.cookie(…)` of the request takes the place of the jar's cookie of its name.
        pub fn req<'c, 'u: 'c, U>(&'c self, method: rocket::http::Method, uri: U) -> $request<'c>
        where
            U: TryInto<rocket::http::uri::Origin<'u>> + std::fmt::Display,
        {
            let request = self.launched.client.req(method, uri);
            let cookies = self.visitor.cookies_for(request.inner());
            request.cookies(cookies)
        }

        /// Returns the launched application.
        pub fn rocket(&self) -> &rocket::Rocket<rocket::Orbit> {
            self.launched.client.rocket()
        }
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
