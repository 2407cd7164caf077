//! What each code means, when it comes and what to do, for the page of the code: for a clerk and for who writes a program.

use crate::text::Text;

/// What the page of a code says.
pub struct Advice {
    /// What it means and when it comes.
    pub means: Text,
    pub mend: Text,
}

macro_rules! advice {
    ($($code:ident $means_vi:literal $means_en:literal $mend_vi:literal $mend_en:literal;)+) => {
        /// Every code has its own: a new one does not compile without.
        pub fn of(code: Code) -> Advice {
            match code {
                $(Code::$code => Advice { means: Text::new($means_vi, $means_en), mend: Text::new($mend_vi, $mend_en) }),+
            }
        }
    };
}

mod table;

pub use table::of;
