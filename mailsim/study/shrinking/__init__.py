"""A whole scenario made as small as can be, the same thing still going wrong in it."""
