"""Who stands behind the credits."""
