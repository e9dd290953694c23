using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt.Native;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>
/// Makes calls of libvirt's, which wait, on threads of their own, a bounded number at once; those
/// for one instance one after the other, also when who asked for the first no longer waits.
/// </summary>
internal sealed class LibvirtCalls(LibvirtLink link)
{
    /// <summary>Calls at once; more wait for a thread.</summary>
    public const int MaxAtOnce = 32;

    private readonly Lock _gate = new();
    private readonly Dictionary<InstanceId, Task> _last = [];
    private readonly SemaphoreSlim _free = new(MaxAtOnce);

    /// <summary>Makes a call for an instance.</summary>
    /// <param name="id">The instance.</param>
    /// <param name="failure">What to say did not happen when it fails.</param>
    /// <param name="work">The call, which is made whole even if nobody waits for it any more.
    /// </param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public Task<T> ForAsync<T>(
        InstanceId id,
        string failure,
        Func<Connection, T> work,
        CancellationToken cancellationToken)
    {
        Task<T> mine;
        lock (_gate)
        {
            var before = _last.GetValueOrDefault(id, Task.CompletedTask);
            mine = AfterAsync(before, failure, work, cancellationToken);
            _last[id] = mine;
        }

        _ = mine.ContinueWith(
            done => Forget(id, done), CancellationToken.None, TaskContinuationOptions.None,
            TaskScheduler.Default);
        return mine.WaitAsync(cancellationToken);
    }

    /// <summary>Makes a call for no instance.</summary>
    public Task<T> MakeAsync<T>(
        string failure, Func<Connection, T> work, CancellationToken cancellationToken) =>
        AfterAsync(Task.CompletedTask, failure, work, cancellationToken)
            .WaitAsync(cancellationToken);

    private async Task<T> AfterAsync<T>(
        Task before, string failure, Func<Connection, T> work, CancellationToken cancellationToken)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _free.WaitAsync(cancellationToken);
        try
        {
            return await Task.Factory.StartNew(
                () => Make(failure, work), CancellationToken.None,
                TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        finally
        {
            _free.Release();
        }
    }

    private T Make<T>(string failure, Func<Connection, T> work)
    {
        var connection = link.Open();
        try
        {
            return work(connection);
        }
        catch (LibvirtException e)
        {
            link.OnFailure(connection);
            throw LibvirtFailure.Of(failure, e);
        }
        catch (ObjectDisposedException e)
        {
            throw PortException.Retryable(
                LaunchErrorCode.Hypervisor,
                $"{failure}: the connection to libvirt was lost meanwhile; try again", e);
        }
    }

    private void Forget(InstanceId id, Task done)
    {
        lock (_gate)
        {
            if (_last.GetValueOrDefault(id) == done)
                _last.Remove(id);
        }
    }
}
