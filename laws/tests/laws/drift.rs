//! Manifests and what is generated from them.

use laws::root;

#[test]
fn nothing_in_the_manifests_is_unused() {
    let loose = manifest::Manifest::load(root()).expect("the manifests").loose_ends();
    assert!(loose.is_empty(), "{}", loose.join("\n"));
}

#[test]
fn the_route_table_is_up_to_date() {
    cli::generate::check_route_table(root()).expect("CargoLambda.toml");
}
