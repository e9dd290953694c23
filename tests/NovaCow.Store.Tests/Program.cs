using NovaCow.Store.Tests;

// `--child …` is what the tests start to have a second process; anything else runs the tests.
return args is ["--child", .. var job]
    ? await ChildJobs.RunAsync(job)
    : await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
