//! The table `tastes`, single-table, and the bucket `models`.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `profile#prf_…` | `viewing#ttl_…` | what the profile saw of a title |
//! | `profile#prf_…` | `feedback#ttl_…` | what it says of a title |
//! | `profile#prf_…` | `hidden#ttl_…` | whether, and since when, it does not want to be offered to watch it on |
//! | `profile#prf_…` | `record#ttl_…` | how it rated a title, and whether it saw it elsewhere |
//! | `profile#prf_…` | `watchlist#ttl_…` | whether, and since when, it wants to watch a title some day |
//! | `profile#prf_…` | `onboarding` | what it chose when it began |
//! | `profile#prf_…` | `forgotten`, `forgotten#ttl_…` | until when its history was erased, of all or of one title |
//! | `impressions#prf_…` | `imp_…` | what decided a page, for a week |
//! | `profiles#0` … `profiles#f` | `prf_…` | the profiles of whom something is kept, for training |
//! | `experiments` | key | an experiment |
//! | `experiment` | `running` | the one that runs, once more |
//! | `titles#0` … `titles#f` | `ttl_…` | a title, projected |
//! | `gone#…` | `gone` | digest of a profile that was deleted |
//! | `erased#…` | `erased` | digest of an account that was erased |

pub mod erasure;
pub mod experiments;
mod forgotten;
pub mod hidings;
pub mod impressions;
mod keys;
pub mod models;
mod newest;
pub mod opinions;
pub mod profiles;
pub mod records;
pub mod tastes;
pub mod titles;
pub mod viewings;
pub mod watchlists;
