//! The macros that write the blocking clients: the table of a client has a line for each method,
//! and what the method does is said once, at the asynchronous one.

/// Writes methods that make the call of the same name and wait until it is done.
macro_rules! waiting {
    ($owner:literal, $field:ident: $(
        pub fn $name:ident $(<$generic:ident: $bound:path>)?
            (&self $(, $argument:ident: $type:ty)* $(,)?) -> $output:ty;
    )*) => {$(
        #[doc = concat!("Does what [`", stringify!($name), "`](", $owner, "::", stringify!($name), ") does, and returns when it is done.")]
        ///
        /// # Errors
        ///
        /// [`Error`]: that of the asynchronous method.
        pub fn $name $(<$generic: $bound>)? (&self $(, $argument: $type)*) -> $output {
            self.executor.block_on(self.$field.$name($($argument),*))
        }
    )*};
}

/// Writes methods that prepare the call of the same name; [`Call::run`](super::Call::run) makes it.
macro_rules! calling {
    ($owner:literal, $field:ident: $(
        pub fn $name:ident[$($generics:tt)*](&$($life:lifetime)? self $(, $argument:ident: $type:ty)* $(,)?)
            -> $output:ty $(where [$($bounds:tt)*])?;
    )*) => {$(
        #[doc = concat!("Prepares what [`", stringify!($name), "`](", $owner, "::", stringify!($name), ") does; [`run`](Call::run) makes the call.")]
        pub fn $name<$($generics)*>(&$($life)? self $(, $argument: $type)*) -> $output
        $(where $($bounds)*)?
        {
            Call::new(&self.executor, self.$field.$name($($argument),*))
        }
    )*};
}

/// Writes the options of prepared calls, under their names.
macro_rules! options {
    ($(
        impl[$($generics:tt)*] $path:path as $call:ty {$(
            pub fn $name:ident $([$($own:tt)*])? (self $(, $argument:ident: $type:ty)* $(,)?) $(where [$($bounds:tt)*])?;
        )*}
    )*) => {$(
        impl<$($generics)*> Call<'_, $call> {$(
            #[doc = concat!("Sets what [`", stringify!($name), "`](", stringify!($path), "::", stringify!($name), ") says.")]
            pub fn $name $(<$($own)*>)? (self $(, $argument: $type)*) -> Self
            $(where $($bounds)*)?
            {
                self.with(|call| call.$name($($argument),*))
            }
        )*}
    )*};
}

pub(super) use {calling, options, waiting};
