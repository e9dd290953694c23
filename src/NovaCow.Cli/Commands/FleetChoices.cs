using System.CommandLine;
using NovaCow.Client;

namespace NovaCow.Cli.Commands;

/// <summary>The options by which a launch chooses its hosts, and its turn.</summary>
internal sealed class FleetChoices
{
    private readonly Option<string?> _on = new("--on")
    {
        Description = "What its host's labels have to say: name=value, name!=value or name, with "
            + "commas between them",
        HelpName = "LABELS",
    };

    private readonly Option<string?> _group = new("--group")
    {
        Description = "A host takes at most one instance of each group",
    };

    private readonly Option<bool> _soft = new("--soft")
    {
        Description = "A host takes another of the group where it cannot be avoided",
    };

    private readonly Option<string?> _project = new("--project")
    {
        Description = "The project that waits: projects take turns; else default",
    };

    private readonly Option<int> _priority = new("--priority")
    {
        Description = "Of those that wait, the higher is placed first: -100 to 100, else 0",
    };

    private readonly Option<string?> _hypervisor = new("--hypervisor")
    {
        Description = "Only a host that runs machines with it: libvirt, or none, for disks only",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_hypervisor);
        command.Options.Add(_on);
        command.Options.Add(_group);
        command.Options.Add(_soft);
        command.Options.Add(_project);
        command.Options.Add(_priority);
    }

    /// <summary>The request with what was chosen.</summary>
    public LaunchRequest Apply(ParseResult parsed, LaunchRequest request) => request with
    {
        On = parsed.GetValue(_on),
        Group = parsed.GetValue(_group),
        Soft = parsed.GetValue(_soft),
        Project = parsed.GetValue(_project),
        Priority = parsed.GetValue(_priority),
        Hypervisor = parsed.GetValue(_hypervisor),
    };
}
