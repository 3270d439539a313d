"""The service itself: routes, rules, shapes, and what it stores."""
