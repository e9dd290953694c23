namespace NovaCow.Storage.Tests.Inspection;

/// <summary>Spoils an image in a way that a seed decides, most often in its first sectors and
/// where it holds metadata, and undoes it.</summary>
internal sealed class Mutation
{
    private static readonly byte[][] s_values =
    [
        [0], [0xff], [0, 0, 0, 0], [0xff, 0xff, 0xff, 0xff], new byte[8], [0x80], [0x7f],
        [0, 0, 0, 0, 0, 0, 2, 0], [0, 2, 0, 0, 0, 0, 0, 0], [0x2f],
    ];

    private readonly byte[] _image;
    private readonly List<(int At, byte[] Before)> _changes = [];

    public Mutation(byte[] image, int seed)
    {
        var random = new Random(seed);
        _image = image;
        Length = random.Next(40) == 0 ? random.Next(image.Length) : image.Length;
        for (var i = random.Next(1, 4); i > 0; i--)
            Change(Place(random), random);
    }

    /// <summary>How much of the image is left.</summary>
    public int Length { get; }

    public void Undo()
    {
        _changes.Reverse();
        foreach (var (at, before) in _changes)
            before.CopyTo(_image, at);
    }

    private void Change(int at, Random random)
    {
        var value = random.Next(3) switch
        {
            0 => [(byte)(_image[at] ^ (1 << random.Next(8)))],
            1 => [(byte)random.Next(256)],
            _ => s_values[random.Next(s_values.Length)],
        };
        var count = Math.Min(value.Length, _image.Length - at);
        _changes.Add((at, _image[at..(at + count)]));
        value.AsSpan(0, count).CopyTo(_image.AsSpan(at));
    }

    private int Place(Random random)
    {
        var limit = random.Next(6) switch
        {
            0 or 1 => 128,
            2 => 1024,
            3 => 32 << 10,
            _ => _image.Length,
        };
        var place = random.Next(Math.Min(limit, _image.Length));
        return random.Next(8) == 0
            ? Math.Max(0, _image.Length - 1 - (place % 1536))
            : SkipZeros(place);
    }

    // Most of an image is holes, where a change changes nothing.
    private int SkipZeros(int place)
    {
        var used = _image.AsSpan(place).IndexOfAnyExcept((byte)0);
        return used < 0 ? place : place + used;
    }
}
