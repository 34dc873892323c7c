//! The list of a service's operations.

/// Declares the modules of `operations/`, each with its state, and builds their wiring: `routes` merges all HTTP operations, `http::<name>` and
/// `consumers::<name>` wire one alone, `programs::<name>` makes a consumer ready to be served, `HTTP` and `CONSUMERS` list them for the tests that hold
/// them against the yaml.
///
/// ```ignore
/// cinema_http::operations! {
///     http: [
///         create_profile: CreateProfile,
///         erase_history: EraseHistory => [erase_history, erase_title],
///     ],
///     consumers: [project_titles: ProjectTitles],
/// }
/// ```
/// A service that keeps which login sessions have ended begins with `sessions: <what knows them>,`: see [`refuse_ended`](crate::live::refuse_ended).
///
/// The handler has the name of its module, unless others are named after `=>`. A function after `with` puts something around the routes.
#[macro_export]
macro_rules! operations {
    ($(sessions: $sessions:ty,)? http: [$($http:ident: $state:ident $(=> [$($handler:ident),+])? $(with $($layer:ident)::+)?),* $(,)?], consumers: [$($consumer:ident: $consumes:ident),* $(,)?] $(,)?) => {
        $crate::operations!(@sessions $($sessions)?);
        $(pub mod $http;)*
        $(pub mod $consumer;)*

        /// The routes of each HTTP operation.
        pub mod http {
            $(
                #[doc = concat!("The routes of `", stringify!($http), "`.")]
                pub fn $http(boot: &::runtime::Boot) -> ::std::result::Result<$crate::OpenApiRouter, ::runtime::BootError> {
                    let state = <super::$http::$state as ::runtime::Wire>::wire(boot)?;
                    let router = $crate::operations!(@routes $http $(, $($handler),+)?).with_state(state);
                    $(let router = super::$($layer)::+(router);)?
                    super::with_sessions(boot, router)
                }
            )*
        }

        /// The consumer of each event operation.
        pub mod consumers {
            $(
                #[doc = concat!("The consumer `", stringify!($consumer), "`.")]
                pub fn $consumer(boot: &::runtime::Boot) -> ::std::result::Result<super::$consumer::$consumes, ::runtime::BootError> {
                    <super::$consumer::$consumes as ::runtime::Wire>::wire(boot)
                }
            )*
        }

        /// The same, ready to be served. All of it is compiled here: a program that did so by itself would compile the consumer's futures anew.
        pub mod programs {
            $(
                #[doc = concat!("The program of `", stringify!($consumer), "`.")]
                pub fn $consumer(boot: &::runtime::Boot) -> ::std::result::Result<::runtime::Program, ::runtime::BootError> {
                    super::consumers::$consumer(boot).map(::runtime::Program::of)
                }
            )*
        }

        /// What the documents of the service's operations hold.
        pub mod documents {
            /// The schemas of all requests and answers, each as often as an operation names it: two types of one name are both in here.
            pub fn schemas() -> ::std::vec::Vec<$crate::NamedSchema> {
                #[allow(unused_mut, reason = "a service may have no HTTP operation")]
                let mut all = ::std::vec::Vec::new();
                $($crate::operations!(@schemas all $http $state $(, $($handler),+)?);)*
                all
            }
        }

        /// All HTTP operations of the service in one router.
        pub fn routes(boot: &::runtime::Boot) -> ::std::result::Result<$crate::OpenApiRouter, ::runtime::BootError> {
            let router = $crate::OpenApiRouter::new();
            $(let router = router.merge(http::$http(boot)?);)*
            let _ = boot;
            Ok(router)
        }

        /// Each HTTP operation with its wiring.
        pub const HTTP: &[(&str, fn(&::runtime::Boot) -> ::std::result::Result<$crate::OpenApiRouter, ::runtime::BootError>)] =
            &[$((stringify!($http), http::$http)),*];

        /// Each event operation with its wiring.
        pub const CONSUMERS: &[(&str, fn(&::runtime::Boot) -> ::std::result::Result<::runtime::Program, ::runtime::BootError>)] =
            &[$((stringify!($consumer), programs::$consumer)),*];
    };
    (@sessions) => {
        fn with_sessions(
            _: &::runtime::Boot,
            router: $crate::OpenApiRouter,
        ) -> ::std::result::Result<$crate::OpenApiRouter, ::runtime::BootError> {
            Ok(router)
        }
    };
    (@sessions $sessions:ty) => {
        fn with_sessions(
            boot: &::runtime::Boot,
            router: $crate::OpenApiRouter,
        ) -> ::std::result::Result<$crate::OpenApiRouter, ::runtime::BootError> {
            Ok($crate::live::refuse_ended(router, <$sessions as ::runtime::Wire>::wire(boot)?))
        }
    };
    (@routes $http:ident) => {
        $crate::OpenApiRouter::new().routes($crate::routes!(super::$http::$http))
    };
    (@routes $http:ident, $($handler:ident),+) => {
        $crate::OpenApiRouter::new()$(.routes($crate::routes!(super::$http::$handler)))+
    };
    (@schemas $all:ident $http:ident $state:ident) => {
        $crate::operations!(@schemas $all $http $state, $http)
    };
    (@schemas $all:ident $http:ident $state:ident, $($handler:ident),+) => {
        $({
            let (schemas, _, _): $crate::UtoipaMethodRouter<super::$http::$state> = $crate::routes!(super::$http::$handler);
            $all.extend(schemas);
        })+
    };
}
