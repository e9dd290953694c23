using System.Diagnostics;
using System.Globalization;

namespace NovaCow.Testing.Guests;

/// <summary>
/// A libvirt of its own, as a host has one, by <c>scripts/libvirt-daemon.sh</c>. Several at a time
/// are several hosts. It and all machines that it started end with this, or when the program that
/// started it is gone. Needs root.
/// </summary>
public sealed class LibvirtDaemon : IAsyncDisposable
{
    private static readonly TimeSpan s_startWithin = TimeSpan.FromSeconds(180);
    private static readonly TimeSpan s_endWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);

    private readonly string _folder;
    private KeptProcess? _process;

    private LibvirtDaemon(string folder) => _folder = folder;

    /// <summary>Why there can be none on this machine; null when there can.</summary>
    public static string? WhyNot { get; } = !Environment.IsPrivilegedProcess
        ? "a libvirt of its own needs root"
        : SystemTool.Missing("libvirtd", "virsh", "unshare", "nsenter", "qemu-system-x86_64")
            is { } tool
            ? $"{tool} is not installed"
            : null;

    /// <summary>Where libvirt's clients reach it.</summary>
    public string Uri => $"qemu+unix:///system?socket={_folder}/run/libvirt-sock";

    /// <summary>What it logged.</summary>
    public string LogPath => Path.Combine(_folder, "log", "libvirtd.log");

    /// <summary>Starts one and waits until it answers.</summary>
    /// <param name="asDefaultUser">Whether emulators run as the user whom packages choose, and not
    /// as root.</param>
    /// <exception cref="GuestException">It cannot be started; see <see cref="WhyNot"/>.
    /// </exception>
    public static async Task<LibvirtDaemon> StartAsync(bool asDefaultUser = false)
    {
        if (WhyNot is { } problem)
            throw new GuestException(problem);
        var daemon = new LibvirtDaemon(
            Directory.CreateTempSubdirectory("novacow-libvirt-").FullName);
        try
        {
            daemon._process = await KeptProcess.StartAsync(
                [
                    Checkout.File("scripts", "libvirt-daemon.sh"), daemon._folder,
                    .. asDefaultUser ? (string[])["--default-user"] : [],
                ]);
            await daemon.AnswersAsync();
            return daemon;
        }
        catch
        {
            await daemon.DisposeAsync();
            throw;
        }
    }

    /// <summary>What libvirt's own client prints.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message is its own.</exception>
    public Task<string> VirshAsync(params IReadOnlyList<string> arguments) =>
        SystemTool.RunAsync("virsh", ["-q", "-c", Uri, .. arguments]);

    /// <summary>Ends the daemon at once, as a crash does; its machines go on.</summary>
    public async Task KillDaemonAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "hold"), "");
        await InsideAsync("kill", "-9", await File.ReadAllTextAsync($"{_folder}/daemon"));
        while ((await SystemTool.TryRunAsync("virsh", "-q", "-c", Uri, "version")).Code == 0)
            await Task.Delay(s_pause);
    }

    /// <summary>Starts the daemon that was killed.</summary>
    public async Task RestartDaemonAsync()
    {
        File.Delete(Path.Combine(_folder, "hold"));
        await AnswersAsync();
    }

    /// <summary>Kills a machine's emulator, as the kernel does that lacks memory.</summary>
    /// <param name="domain">The machine's name.</param>
    public async Task KillEmulatorAsync(string domain)
    {
        await InsideAsync("kill", "-9", await EmulatorIdAsync(domain));
    }

    /// <summary>The id of a machine's emulator among this libvirt's processes; another start has
    /// another.</summary>
    /// <param name="domain">The machine's name; it runs.</param>
    public async Task<string> EmulatorIdAsync(string domain) =>
        (await File.ReadAllTextAsync($"{_folder}/run/qemu/{domain}.pid")).Trim();

    /// <summary>As whom a machine's emulator runs.</summary>
    /// <param name="domain">The machine's name; it runs.</param>
    /// <returns>The user's and the group's number.</returns>
    public async Task<(uint User, uint Group)> EmulatorUserAsync(string domain)
    {
        var process = $"/proc/{await EmulatorIdAsync(domain)}";
        var numbers = (await InsideAsync("stat", "-c", "%u %g", process)).Split(' ');
        return (Number(numbers[0]), Number(numbers[1]));

        static uint Number(string text) => uint.Parse(text, CultureInfo.InvariantCulture);
    }

    /// <summary>Ends it and its machines, and removes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            var first = await TryFindFirstAsync(_process.Id);
            await _process.DisposeAsync();
            await GoneAsync(first);
        }

        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Its processes are killed when the one that was started here ends, and end after it,
    /// the first of them last: until then they write in its folder.</summary>
    private static async Task GoneAsync(string? first)
    {
        var clock = Stopwatch.StartNew();
        while (first is not null && !HasEnded(first))
        {
            if (clock.Elapsed > s_endWithin)
                throw new GuestException($"libvirt's first process, {first}, does not end");
            await Task.Delay(s_pause);
        }
    }

    /// <summary>Whether only its parent has yet to take note of its end, if that.</summary>
    private static bool HasEnded(string id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            return stat[stat.LastIndexOf(')') + 2] == 'Z';
        }
        catch (IOException)
        {
            return true;
        }
    }

    private async Task AnswersAsync()
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var (code, _, error) = await SystemTool.TryRunAsync(
                "virsh", "-q", "-c", Uri, "version");
            if (code == 0)
                return;
            if (_process!.HasEnded || clock.Elapsed > s_startWithin)
            {
                throw new GuestException(
                    $"libvirtd in {_folder} does not answer: {error}; it said: "
                        + (File.Exists(LogPath) ? await File.ReadAllTextAsync(LogPath) : "nothing"));
            }

            await Task.Delay(s_pause);
        }
    }

    /// <summary>Runs a tool where the daemon's process ids mean something.</summary>
    private async Task<string> InsideAsync(string tool, params string[] arguments)
    {
        var first = await TryFindFirstAsync(_process!.Id)
            ?? throw new GuestException("libvirt has ended");
        return await SystemTool.RunAsync(
            "nsenter",
            ["--target", first, "--pid", "--mount", tool, .. arguments.Select(a => a.Trim())]);
    }

    /// <summary>The id, here, of the first process among its own; null: it has none.</summary>
    private static async Task<string?> TryFindFirstAsync(int unshare)
    {
        var id = unshare.ToString(CultureInfo.InvariantCulture);
        try
        {
            var children = await File.ReadAllTextAsync($"/proc/{id}/task/{id}/children");
            return children.Trim() is { Length: > 0 } first ? first : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
