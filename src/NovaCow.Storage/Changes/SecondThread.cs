using System.Runtime.ExceptionServices;

namespace NovaCow.Storage;

/// <summary>A thread that does one thing beside its owner's, who waits for it before the next. It
/// starts with the first and ends with its owner.</summary>
internal sealed class SecondThread(string name) : IDisposable
{
    private const int StackBytes = 256 * 1024;

    private readonly SemaphoreSlim _begin = new(0);
    private readonly SemaphoreSlim _end = new(0);
    private Thread? _thread;
    private Action? _work;
    private Exception? _failure;

    public void Start(Action work)
    {
        _work = work;
        if (_thread is null)
        {
            _thread = new Thread(Run, StackBytes) { IsBackground = true, Name = name };
            _thread.Start();
        }

        _begin.Release();
    }

    /// <summary>Waits for what was started, if anything was, and throws what it threw.</summary>
    public void Wait()
    {
        if (_work is null)
            return;
        _end.Wait();
        _work = null;
        if (_failure is { } failure)
            ExceptionDispatchInfo.Throw(failure);
    }

    public void Dispose()
    {
        if (_thread is not null)
        {
            _work = null;
            _begin.Release();
            _thread.Join();
        }

        _begin.Dispose();
        _end.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            _begin.Wait();
            if (_work is not { } work)
                return;
            try
            {
                work();
            }
            catch (Exception e)
            {
                _failure = e;
            }

            _end.Release();
        }
    }
}
