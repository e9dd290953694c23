using System.CommandLine;
using NovaCow.Client;

namespace NovaCow.Cli.Commands;

/// <summary>The options that say what an image boots with, and what is inside.</summary>
internal sealed class ImageBootOptions
{
    private readonly Option<string?> _kernel = new("--kernel")
    {
        Description = "The image of the kernel that its instances boot with (format aki)",
        HelpName = "NAME",
    };

    private readonly Option<string?> _ramdisk = new("--ramdisk")
    {
        Description = "The image of that kernel's ramdisk (format ari)",
        HelpName = "NAME",
    };

    private readonly Option<string?> _arguments = new("--kernel-args")
    {
        Description = "That kernel's command line",
        HelpName = "TEXT",
    };

    private readonly Option<string?> _osType = new("--os-type")
    {
        Description = "The operating system inside: linux, windows or another short name; "
            + "decides the file system of local storage",
        HelpName = "OS",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_kernel);
        command.Options.Add(_ramdisk);
        command.Options.Add(_arguments);
        command.Options.Add(_osType);
    }

    public RegisterImageRequest Complete(ParseResult parsed, RegisterImageRequest request) =>
        request with
        {
            Kernel = parsed.GetValue(_kernel),
            Ramdisk = parsed.GetValue(_ramdisk),
            KernelArguments = parsed.GetValue(_arguments),
            OsType = parsed.GetValue(_osType),
        };
}
