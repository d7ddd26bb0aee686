"""What the sources read and how: values on real captures, own pages for what was never captured, hostile input."""
