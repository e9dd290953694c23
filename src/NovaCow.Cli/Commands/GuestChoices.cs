using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;
using NovaCow.Client;
using NovaCow.Core;

namespace NovaCow.Cli.Commands;

/// <summary>The options by which a launch tells its guest who it is. What may be secret is read
/// from files: an argument could be read by others.</summary>
internal sealed class GuestChoices
{
    private const string StandardInput = "-";

    private readonly Option<string?> _hostName = new("--hostname")
    {
        Description = "The guest's name; else the instance's id",
        HelpName = "NAME",
    };

    private readonly Option<string?> _userData = new("--user-data")
    {
        Description = "A file with what cloud-init is to do at the first boot, - for standard "
            + "input",
        HelpName = "FILE",
    };

    private readonly Option<string[]> _sshKeys = new("--ssh-key")
    {
        Description = "A file of public keys that may log in; may be given again",
        HelpName = "FILE",
    };

    private readonly Option<string?> _seed = new("--seed")
    {
        Description = "How the guest is told: nocloud (the default) or configdrive; alone, it is "
            + "told its name",
    };

    public GuestChoices() =>
        _seed.AcceptOnlyFromAmong([.. LowerCaseEnumConverter<GuestSeedKind>.AllNames]);

    public void AddTo(Command command)
    {
        command.Options.Add(_hostName);
        command.Options.Add(_userData);
        command.Options.Add(_sshKeys);
        command.Options.Add(_seed);
    }

    /// <summary>What was chosen; null: nothing, and the guest gets no seed.</summary>
    /// <exception cref="CliException">A file cannot be used.</exception>
    public async Task<GuestRequest?> ReadAsync(ParseResult parsed, CancellationToken ct)
    {
        Option[] all = [_hostName, _userData, _sshKeys, _seed];
        if (all.All(o => parsed.GetResult(o) is null or { Implicit: true }))
            return null;
        List<string> keys = [];
        foreach (var file in parsed.GetValue(_sshKeys) ?? [])
            keys.AddRange(Keys(file, await TextAsync("--ssh-key", file, ct)));
        return new GuestRequest
        {
            HostName = parsed.GetValue(_hostName),
            UserData = parsed.GetValue(_userData) is { } path
                ? await TextAsync("--user-data", path, ct) : null,
            SshKeys = keys,
            Seed = parsed.GetValue(_seed),
        };
    }

    /// <summary>The keys of a file, as authorized_keys has them.</summary>
    private static List<string> Keys(string file, string text)
    {
        if (text.Contains("PRIVATE KEY", StringComparison.Ordinal))
        {
            throw new CliException(
                ExitCode.Usage,
                $"--ssh-key {file}: that is a private key, and was not sent; give the public one, "
                    + "whose name ends in .pub");
        }

        List<string> keys =
        [
            .. text.Split('\n', StringSplitOptions.TrimEntries)
                .Where(line => line.Length > 0 && line[0] != '#'),
        ];
        return keys.Count > 0
            ? keys
            : throw new CliException(ExitCode.Usage, $"--ssh-key {file}: there is no key in it");
    }

    private static async Task<string> TextAsync(string option, string file, CancellationToken ct)
    {
        try
        {
            await using var stream = file == StandardInput
                ? Console.OpenStandardInput() : File.OpenRead(file);
            var bytes = new byte[GuestSetup.MaxUserDataBytes + 1];
            var length = await stream.ReadAtLeastAsync(
                bytes, bytes.Length, throwOnEndOfStream: false, ct);
            if (length == bytes.Length)
            {
                throw new CliException(
                    ExitCode.Usage,
                    $"{option} {file}: longer than {GuestSetup.MaxUserDataBytes} bytes; let the "
                        + "guest fetch the rest");
            }

            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes, 0, length);
        }
        catch (DecoderFallbackException)
        {
            throw new CliException(ExitCode.Usage, $"{option} {file}: it is no text in UTF-8");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CliException(ExitCode.NotFound, $"{option} {file}: there is no such file");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Failed, $"{option} {file}: {e.Message}");
        }
    }
}
