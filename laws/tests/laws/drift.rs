//! Manifests and what is generated from them.

use laws::root;

#[test]
fn nothing_in_the_manifests_is_unused() {
    let loose = manifest::Manifest::load(root()).expect("the manifests").loose_ends();
    assert!(loose.is_empty(), "{}", loose.join("\n"));
}

#[test]
fn what_is_made_from_the_yaml_is_up_to_date() {
    if let Err(error) = manifest::generated::check(root()) {
        panic!("{error}");
    }
}
