//! Definition of counters.

/// Defines a struct of counters that can be listed by name.
macro_rules! counters {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize))]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$field_doc])* pub $field: u64,)*
        }

        impl $name {
            /// Calls `visit` with the name and value of each counter.
            pub fn each(&self, mut visit: impl FnMut(&'static str, u64)) {
                $(visit(stringify!($field), self.$field);)*
            }
        }
    };
}

/// Defines a struct of message counters that is a struct of [`counters!`] and finds a counter by
/// its kind.
macro_rules! message_counters {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$field_doc:meta])* $field:ident = $kind:ident,)*
    }) => {
        counters! { $(#[$doc])* $name { $($(#[$field_doc])* $field,)* } }

        impl $name {
            pub(crate) fn counter(&mut self, kind: u8) -> Option<&mut u64> {
                match kind {
                    $($kind => Some(&mut self.$field),)*
                    _ => None,
                }
            }
        }
    };
}

pub(crate) use {counters, message_counters};
