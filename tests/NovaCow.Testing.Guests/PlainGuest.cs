using System.Text.RegularExpressions;
using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt;

namespace NovaCow.Testing.Guests;

/// <summary>
/// A machine that qemu runs by itself, emulated, by the command that NovaCow gives to those who
/// start machines without it. A guest that powers off, reboots or breaks ends it. No more than two
/// run at a time; each is killed when it is disposed of, or when its test program is gone.
/// </summary>
public sealed class PlainGuest : IAsyncDisposable
{
    private const int AtOnce = 2;
    private static readonly SemaphoreSlim s_turns = new(AtOnce);

    private static readonly DomainOptions s_options = new()
    {
        Host = "test",
        Accelerator = DomainOptions.Qemu,
    };

    private readonly KeptProcess _process;

    private PlainGuest(KeptProcess process, GuestConsole console) =>
        (_process, Console) = (process, console);

    /// <summary>What it says since this start.</summary>
    public GuestConsole Console { get; }

    /// <summary>The emulator's process id.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Starts a machine, when it is its turn.</summary>
    public static async Task<PlainGuest> StartAsync(MachineSpec machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        await s_turns.WaitAsync();
        try
        {
            var console = new GuestConsole(machine.ConsolePath);
            console.Skip();
            var process = await KeptProcess.StartAsync(
                [.. QemuCommand.Of(machine, s_options), "-no-reboot"]);
            return new PlainGuest(process, console);
        }
        catch
        {
            s_turns.Release();
            throw;
        }
    }

    /// <summary>Runs a machine until its guest is off.</summary>
    /// <returns>The lines that it said; see <see cref="GuestConsole.Lines"/>.</returns>
    public static async Task<IReadOnlyList<string>> RunAsync(MachineSpec machine)
    {
        await using var guest = await StartAsync(machine);
        await guest.EndsAsync();
        return guest.Console.Lines is { Count: > 0 } lines
            ? lines
            : throw new GuestException(
                "the guest ended before it said anything; its console ends: "
                    + guest.Console.Tail());
    }

    /// <summary>Waits for a line; see <see cref="GuestConsole.WaitForAsync"/>.</summary>
    public Task<Match> WaitForAsync(string pattern) =>
        Console.WaitForAsync(pattern, hasEnded: () => _process.HasEnded);

    /// <summary>Waits until the guest is off.</summary>
    /// <exception cref="GuestException">It is not, or the emulator failed.</exception>
    public async Task EndsAsync()
    {
        using var late = new CancellationTokenSource(GuestConsole.Patience);
        try
        {
            var (code, errors) = await _process.EndsAsync(late.Token);
            if (code != 0)
                throw new GuestException($"qemu ended with {code}: {errors}");
        }
        catch (OperationCanceledException e)
        {
            throw new GuestException(
                $"the guest is not off after {GuestConsole.Patience.TotalSeconds} s; its console "
                    + $"{Console.Path} ends: {Console.Tail()}",
                e);
        }
    }

    /// <summary>Ends it at once, as a power cut of its host does.</summary>
    public Task KillAsync() => _process.KillAsync();

    /// <summary>Ends it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        s_turns.Release();
    }
}
