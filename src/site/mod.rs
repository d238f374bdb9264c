//! Facts of all pages become routes, navigation, anchors, links and backlinks.
