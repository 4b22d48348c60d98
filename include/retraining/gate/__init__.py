"""What a challenger has to pass: the paired test, floors, guards, former champions, limits of serving."""
