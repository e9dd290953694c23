System.Console.WriteLine("usage: benchmarks NAME");
