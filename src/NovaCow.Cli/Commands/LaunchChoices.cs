using System.CommandLine;
using System.CommandLine.Parsing;
using NovaCow.Core;

namespace NovaCow.Cli.Commands;

/// <summary>The options by which a launch chooses how its disks are made.</summary>
internal sealed class LaunchChoices
{
    private readonly Option<string?> _driver = new("--driver")
    {
        Description = "The volume driver that makes its disks; else its host's default",
    };

    private readonly Option<bool> _noUseCow = new("--nouse_cow")
    {
        Description = "Full copies instead of copy-on-write: the same as --driver copy",
    };

    private readonly Option<string?> _layout = new("--layout")
    {
        Description = "ec2: one disk with a master boot record, the image as its first partition "
            + "and local storage as its second; needs the driver copy, and implies it",
    };

    public LaunchChoices()
    {
        _driver.AcceptOnlyFromAmong([.. DriverName.All]);
        _layout.AcceptOnlyFromAmong("auto", "ec2");
    }

    public void AddTo(Command command)
    {
        command.Options.Add(_driver);
        command.Options.Add(_noUseCow);
        command.Options.Add(_layout);
        command.Validators.Add(RefuseConflict);
    }

    /// <summary>The driver and the layout that were chosen; null: not chosen.</summary>
    public (string? Driver, string? Layout) Of(ParseResult parsed) => (
        parsed.GetValue(_noUseCow) ? DriverName.Copy : parsed.GetValue(_driver),
        parsed.GetValue(_layout));

    private void RefuseConflict(CommandResult result)
    {
        if (result.GetValue(_noUseCow) && result.GetResult(_driver) is not null
            && result.GetValue(_driver) is var driver && driver != DriverName.Copy)
        {
            result.AddError(
                $"--nouse_cow and --driver {driver}: --nouse_cow means --driver "
                    + $"{DriverName.Copy}; leave one of them out");
        }
    }
}
