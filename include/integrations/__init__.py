"""What a deployment may use besides: one file each, all optional at run time."""
