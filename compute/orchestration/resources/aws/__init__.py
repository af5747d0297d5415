"""Types that CloudFormation's templates know."""
