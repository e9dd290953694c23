using Xunit;

// Each test runs several processes; at the same time they would starve each other on two cores.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
