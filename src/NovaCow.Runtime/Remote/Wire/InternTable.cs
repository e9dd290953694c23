namespace NovaCow.Runtime.Remote.Wire;

/// <summary>
/// The writer's half of an abbreviation: a bounded set of strings, each with a small number.
/// When it is full the oldest number is given to the newcomer; as the definition travels in
/// order with what uses it, the reader never mistakes one for the other.
/// </summary>
internal sealed class InternTable(int capacity = Limits.Interned)
{
    private readonly Dictionary<string, int> _numbers = [];
    private readonly List<string> _texts = [];
    private int _next;

    public bool TryFind(string text, out int number) => _numbers.TryGetValue(text, out number);

    /// <summary>Gives a text that has none a number; the reader has to be told.</summary>
    public int Add(string text)
    {
        var number = _next;
        _next = (_next + 1) % capacity;
        if (number == _texts.Count)
        {
            _texts.Add(text);
        }
        else
        {
            _numbers.Remove(_texts[number]);
            _texts[number] = text;
        }
        _numbers.Add(text, number);
        return number;
    }

    /// <summary>Whether a number that was given out still stands for this very string.</summary>
    public bool StillMeans(int number, string text) =>
        number >= 0 && number < _texts.Count && ReferenceEquals(_texts[number], text);

    public string? TextOf(long number) =>
        number >= 0 && number < _texts.Count ? _texts[(int)number] : null;
}
