namespace NovaCow.Storage;

/// <summary>
/// Lets those who ask at one time share a slow look: each gets one that began after it asked.
/// </summary>
internal sealed class SharedRead<T>
{
    private readonly Lock _gate = new();
    private Task<T>? _running;
    private Task<T>? _next;

    public Task<T> ReadAsync(Func<Task<T>> read)
    {
        lock (_gate)
        {
            if (_running is null or { IsCompleted: true })
                return _running = read();
            return _next ??= AfterAsync(_running, read);
        }
    }

    private async Task<T> AfterAsync(Task<T> before, Func<Task<T>> read)
    {
        // Whether that one failed is told to those who share it.
        await before.ContinueWith(static _ => { }, TaskScheduler.Default);
        Task<T> mine;
        lock (_gate)
        {
            _next = null;
            mine = _running = read();
        }

        return await mine;
    }
}
