//! The list of a service's operations.

/// Declares the modules of `operations/` and what tests need to hold them against the yaml: `routes` merges all HTTP operations, `HTTP` and
/// `CONSUMERS` wire each one alone.
#[macro_export]
macro_rules! operations {
    (http: [$($http:ident),* $(,)?], consumers: [$($consumer:ident),* $(,)?] $(,)?) => {
        $(pub mod $http;)*
        $(pub mod $consumer;)*

        /// All HTTP operations of the service in one router.
        pub fn routes(boot: &::runtime::Boot) -> Result<$crate::OpenApiRouter, ::runtime::BootError> {
            let router = $crate::OpenApiRouter::new();
            $(let router = router.merge($http::routes(boot)?);)*
            let _ = boot;
            Ok(router)
        }

        /// Each HTTP operation with its wiring.
        pub const HTTP: &[(&str, fn(&::runtime::Boot) -> Result<$crate::OpenApiRouter, ::runtime::BootError>)] =
            &[$((stringify!($http), $http::routes)),*];

        /// Each event operation with its wiring.
        pub const CONSUMERS: &[(&str, fn(&::runtime::Boot) -> Result<(), ::runtime::BootError>)] =
            &[$((stringify!($consumer), |boot| $consumer::consumer(boot).map(drop))),*];
    };
}
